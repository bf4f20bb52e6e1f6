/** Every shape of an error becomes ours: whose fault it is, what the client hears, what the operator hears. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOf, type UpstreamFailure } from '#server/engines/upstream/failure.js';
import { readErrorAnswer, readErrorObject } from '#server/engines/upstream/read-error.js';
import { readRetryAfter } from '#server/engines/upstream/read-retry-after.js';

const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);
const redact = (text: string) => text.replaceAll('sk-secret', '[secret]');

function read(status: number, body: unknown, headers: Record<string, string> = {}): UpstreamFailure {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readErrorAnswer({ status, headers, body: text, now: NOW }, redact);
}

describe('an error answer', () => {
  const shapes: [string, unknown, string][] = [
    [
      'the envelope of OpenAI',
      { error: { message: 'too long', type: 'invalid_request_error', param: null, code: 'x' } },
      'too long',
    ],
    [
      'the object of older vLLM',
      { object: 'error', message: 'too long', type: 'BadRequestError', code: 400 },
      'too long',
    ],
    [
      'the list of FastAPI',
      { detail: [{ loc: ['body'], msg: 'field required' }, { msg: 'bad' }] },
      'field required; bad',
    ],
    ['the detail of FastAPI', { detail: 'no' }, 'no'],
    ['an error that is a text', { error: 'no such thing' }, 'no such thing'],
    ['an event', 'data: {"error":{"message":"too long"}}\n\n', 'too long'],
    ['plain text', 'Failed to parse the request body', 'Failed to parse the request body'],
    ['a page of HTML', '<html><head><title>502 Bad Gateway</title></head></html>', 'a page named "502 Bad Gateway"'],
    ['nothing', '', 'The engine refused the request'],
  ];
  for (const [name, body, message] of shapes) {
    test(`is read when it is ${name}`, () => {
      const failure = read(400, body);
      assert.equal(failure.cause, 'request');
      assert.equal(failure.message, message);
      const error = errorOf(failure, 'http://engine/v1');
      assert.deepEqual([error.status, error.message], [400, message]);
    });
  }

  test('is the fault of the request at 400, 413, 415 and 422, always as our 400', () => {
    for (const status of [400, 413, 415, 422]) {
      const failure = read(status, { error: { message: 'm' } });
      assert.equal(failure.cause, 'request');
      assert.equal(errorOf(failure, 'a').status, 400);
    }
  });

  test('is the affair of the operator at 401, 402, 403, 404, 405 and redirects, and the client hears nothing of it', () => {
    for (const status of [301, 307, 401, 402, 403, 404, 405, 407]) {
      const failure = read(status, { error: { message: 'Your api key sk-secret is invalid' } });
      assert.equal(failure.cause, 'operator', String(status));
      const error = errorOf(failure, 'http://engine/v1');
      assert.equal(error.status, 503);
      assert.doesNotMatch(error.message, /key/);
      assert.match(error.detail ?? '', /http:\/\/engine\/v1.*\[secret\]/);
      assert.doesNotMatch(JSON.stringify(error) + error.detail, /sk-secret/);
    }
  });

  test('is the affair of the operator when the DeepSeek API does not know the model', () => {
    const message = 'The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed x.';
    assert.equal(read(400, { error: { message } }).cause, 'operator');
  });

  test('is the fault of the engine from 500 on and at 408, with when it may be asked again', () => {
    for (const status of [408, 500, 502, 503, 504, 529]) assert.equal(read(status, 'x').cause, 'engine');
    assert.equal(read(503, 'x', { 'retry-after': '3' }).retryAfterMs, 3000);
  });

  test('is too much to do at 429, and the client hears when to come back', () => {
    const failure = read(429, { error: { message: 'slow down' } }, { 'retry-after': '7' });
    assert.deepEqual([failure.cause, failure.retryAfterMs], ['busy', 7000]);
    const error = errorOf(failure, 'a');
    assert.deepEqual([error.status, error.headers], [503, { 'retry-after': '7' }]);
  });

  test('is repeated in one line of bounded length', () => {
    const { message = '' } = read(400, { error: { message: `a\nb\u0000${'x'.repeat(10_000)}` } });
    assert.ok(message.startsWith('a b x') && message.length <= 2001);
  });
});

describe('an error inside a stream', () => {
  const cases: [unknown, string | undefined][] = [
    [{ error: { message: 'm', code: 400 } }, 'request'],
    [{ error: { message: 'm', code: 500 } }, 'engine'],
    [{ error: { message: 'm', code: 429 } }, 'busy'],
    [{ error: { message: 'm', type: 'BadRequestError' } }, 'request'],
    [{ error: { message: 'm', type: 'exceed_context_size_error' } }, 'request'],
    [{ error: { message: 'm', type: 'rate_limit_error' } }, 'busy'],
    [{ error: { message: 'm', code: 'insufficient_quota' } }, 'operator'],
    [{ error: { message: 'm', type: 'authentication_error' } }, 'operator'],
    [{ error: { message: 'm' } }, 'engine'],
    [{ error: 'm' }, 'engine'],
    [{ object: 'error', message: 'm', code: 400 }, 'request'],
    [{ error: null, choices: [] }, undefined],
    [{ choices: [] }, undefined],
    ['error', undefined],
  ];
  for (const [value, cause] of cases) {
    test(`${JSON.stringify(value)} is ${cause ?? 'none'}`, () => {
      assert.equal(readErrorObject(value, redact)?.cause, cause);
    });
  }
});

describe('when to come back', () => {
  const cases: [Record<string, string>, number | undefined][] = [
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.5' }, 500],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after': 'Wed, 25 Nov 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 25 Nov 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '99999999' }, 3_600_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ];
  for (const [headers, ms] of cases) {
    test(`${JSON.stringify(headers)} is ${ms === undefined ? 'unknown' : `in ${ms} ms`}`, () => {
      assert.equal(readRetryAfter(headers, NOW), ms);
    });
  }
});
