/** Every error has one status, one envelope, and says nothing that only the log may know. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ApiError,
  authenticationFailed,
  contextLengthExceeded,
  credentialsMissing,
  ERROR_KINDS,
  ErrorBody,
  type ErrorKind,
  errorBody,
  insufficientBalance,
  internalError,
  invalidRequest,
  isApiError,
  malformedJson,
  methodNotAllowed,
  payloadTooLarge,
  rateLimited,
  readApiError,
  serviceUnavailable,
  toApiError,
  unprocessable,
  unsupportedMediaType,
  unsupportedModel,
} from '@plumb/wire';
import { Compile } from 'typebox/compile';

/** The status and the envelope as they are sent. */
function sent(error: ApiError): [number, string] {
  return [error.status, JSON.stringify(errorBody(error))];
}

describe('the envelopes of the contract', () => {
  test('503 has a code of its own', () => {
    assert.deepEqual(sent(serviceUnavailable()), [
      503,
      '{"error":{"message":"Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.","type":"service_unavailable_error","param":null,"code":"service_unavailable_error"}}',
    ]);
  });

  test('401 shows the last four characters of the key', () => {
    assert.deepEqual(sent(authenticationFailed('sk-00000000000000000000000000000000')), [
      401,
      '{"error":{"message":"Authentication Fails, Your api key: ****0000 is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}',
    ]);
  });

  test('402 is an unknown_error', () => {
    assert.deepEqual(sent(insufficientBalance()), [
      402,
      '{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}',
    ]);
  });

  test('429 is a rate_limit_error, and can say when to come back', () => {
    const error = rateLimited('Too many requests.', { 'retry-after': '3' });
    assert.deepEqual(sent(error), [
      429,
      '{"error":{"message":"Too many requests.","type":"rate_limit_error","param":null,"code":"invalid_request_error"}}',
    ]);
    assert.deepEqual(error.headers, { 'retry-after': '3' });
  });

  test('400 and 422 differ in nothing but the status', () => {
    const body = '{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}';
    assert.deepEqual(sent(invalidRequest('m')), [400, body]);
    assert.deepEqual(sent(malformedJson('m')), [400, body]);
    assert.deepEqual(sent(unprocessable('m')), [422, body]);
  });

  test('literal texts', () => {
    assert.equal(credentialsMissing().message, 'Authentication Fails (governor)');
    assert.equal(unsupportedMediaType().message, 'Expected request with `Content-Type: application/json`');
    assert.equal(
      unsupportedModel('gpt-4o', ['deepseek-flash', 'deepseek-v4-pro']).message,
      'The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed gpt-4o.',
    );
    assert.equal(
      contextLengthExceeded(1_048_576, 1_060_828, 8).message,
      "This model's maximum context length is 1048576 tokens. However, you requested 1060836 tokens (1060828 in the messages, 8 in the completion). Please reduce the length of the messages or completion.",
    );
  });

  test('a model name of any length makes a message of bounded length', () => {
    assert.ok(unsupportedModel('x'.repeat(1_000_000), ['m']).message.length < 300);
  });

  test('405 names the methods and 413 the limit', () => {
    assert.deepEqual(methodNotAllowed(['GET', 'HEAD']).headers, { allow: 'GET, HEAD' });
    assert.match(payloadTooLarge(5).message, /5 bytes/);
  });

  test('every kind has an envelope that the schema accepts, with a type for clients to read', () => {
    const schema = Compile(ErrorBody);
    for (const kind of Object.keys(ERROR_KINDS) as ErrorKind[]) {
      const error = new ApiError(kind, 'm');
      assert.ok(schema.Check(errorBody(error)), kind);
      assert.ok(error.status >= 400 && error.status < 600);
    }
  });
});

describe('what is thrown', () => {
  test('and is no ApiError becomes a 500 that does not say what it was', () => {
    const cause = new Error('password=hunter2');
    for (const thrown of [cause, 'text', undefined, null, { status: 418, message: 'no' }]) {
      const error = toApiError(thrown);
      assert.deepEqual(sent(error), [
        500,
        '{"error":{"message":"Internal error","type":"server_error","param":null,"code":"server_error"}}',
      ]);
    }
    assert.equal(toApiError(cause).cause, cause);
  });

  test('and is an ApiError stays itself', () => {
    const error = serviceUnavailable({ detail: 'engine 3 is down', cause: new Error('x') });
    assert.equal(toApiError(error), error);
    assert.ok(!JSON.stringify(errorBody(error)).includes('engine 3'));
    assert.equal(error.detail, 'engine 3 is down');
  });

  test('is known by its brand, which another copy of the package shares', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('plumb.ApiError')]: true });
    assert.ok(isApiError(foreign));
    assert.ok(isApiError(internalError(undefined)));
    assert.ok(!isApiError(new Error('ApiError')));
    assert.ok(!isApiError(null));
    assert.ok(!isApiError('ApiError'));
  });
});

describe('an error that another process answered with', () => {
  test('is the same error again', () => {
    for (const error of [
      serviceUnavailable(),
      rateLimited('slow down'),
      insufficientBalance(),
      invalidRequest('no'),
      authenticationFailed('sk-1234'),
    ]) {
      assert.deepEqual(sent(readApiError(error.status, errorBody(error))), sent(error));
    }
  });

  test('has a known status, and keeps the text of a 500 for the log', () => {
    const body = errorBody(new ApiError('server_error', 'stack trace'));
    assert.equal(readApiError(418, body).status, 400);
    assert.equal(readApiError(599, body).status, 500);
    assert.equal(readApiError(500, body).message, 'Internal error');
    assert.equal(readApiError(500, body).detail, 'stack trace');
  });
});
