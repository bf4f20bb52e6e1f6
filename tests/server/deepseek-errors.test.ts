/** With `error_format: deepseek` the errors that DeepSeek sends as plain text or without a body are sent like that. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { rawRequest } from '../support/raw-http.js';

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({ settings: { http: { error_format: 'deepseek' } } });
});
after(() => plumb.stop());

test('a missing key is 31 bytes of plain text without a content type', async () => {
  const { status, headers, body } = await rawRequest(plumb.url, { path: '/models' });
  assert.equal(status, 401);
  assert.equal(body, 'Authentication Fails (governor)');
  assert.equal(headers['content-length'], '31');
  assert.equal(headers['content-type'], undefined);
});

test('a body that is no JSON is plain text of unnamed type', async () => {
  const response = await post('{"model":', 'application/json');
  assert.equal(response.status, 400);
  assert.equal(response.headers['content-type'], 'application/octet-stream');
  assert.equal(
    response.body,
    'Failed to parse the request body as JSON: model: EOF while parsing a value at line 1 column 9',
  );
});

test('another content type is 415 in plain text', async () => {
  const response = await post('{}', 'text/plain');
  assert.equal(response.status, 415);
  assert.equal(response.body, 'Expected request with `Content-Type: application/json`');
});

test('unknown paths and methods have no body', async () => {
  const authorization = `Bearer ${plumb.key}`;
  const unknown = await rawRequest(plumb.url, { path: '/nothing', headers: { authorization } });
  const method = await rawRequest(plumb.url, { path: '/chat/completions', headers: { authorization } });
  assert.deepEqual([unknown.status, unknown.body], [404, '']);
  assert.deepEqual([method.status, method.body], [405, '']);
});

test('every other error is the envelope', async () => {
  const response = await post('{}', 'application/json');
  assert.equal(JSON.parse(response.body).error.type, 'invalid_request_error');
});

function post(body: string, contentType: string) {
  return rawRequest(plumb.url, {
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${plumb.key}`, 'content-type': contentType },
    body,
  });
}
