/** The edge of the server: what is no HTTP, what is too slow or too large, and what shares a connection. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { parseResponse, rawRequest, readAll, renderRequest } from '../support/raw-http.js';

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({
    settings: { http: { header_timeout_s: 1, body_timeout_s: 1, body_limit_bytes: 1024 * 1024 } },
  });
});
after(() => plumb.stop());

/** Sends bytes and reads until the server closes the connection. */
async function send(...pieces: (string | Buffer)[]) {
  const { hostname, port } = new URL(plumb.url);
  const socket = connect(Number(port), hostname);
  const received = readAll(socket);
  for (const piece of pieces) socket.write(piece);
  return received;
}

function chat(body: string, headers: Record<string, string> = {}): Buffer {
  const authorization = `Bearer ${plumb.key}`;
  return renderRequest({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { authorization, 'content-type': 'application/json', ...headers },
    body,
  });
}

const HELLO = JSON.stringify({ model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }] });

describe('the edge of the server', () => {
  test('answers what is no HTTP with 400 in the envelope', async () => {
    const { status, body } = parseResponse(await send('this is no http\r\n\r\n'));
    assert.equal(status, 400);
    assert.equal(JSON.parse(body).error.type, 'invalid_request_error');
  });

  test('answers headers that are too long with 431 in the envelope', async () => {
    const response = parseResponse(await send(`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`));
    assert.equal(response.status, 431);
    assert.match(JSON.parse(response.body).error.message, /16384 bytes/);
  });

  test('gives up on a request that does not come to its end', async () => {
    const whole = chat(HELLO);
    const response = parseResponse(await send(whole.subarray(0, whole.length - 5)));
    assert.equal(response.status, 408);
  });

  test('answers several requests on one connection in their order, errors among them', async () => {
    const again = { connection: 'keep-alive' };
    const received = await send(chat(HELLO, again), chat('{', again), chat(HELLO));
    const statuses = received.toString().match(/HTTP\/1\.1 \d+/g);
    assert.deepEqual(statuses, ['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  test('refuses a body over the limit that was not announced, and then closes the connection', async () => {
    const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`;
    const head = chat('')
      .toString()
      .replace('content-length: 0', 'transfer-encoding: chunked')
      .replace('close', 'keep-alive');
    const received = await send(head, chunk.repeat(20), '0\r\n\r\n');
    assert.match(received.toString(), /^HTTP\/1\.1 413 /);
  });

  test('lets a client whose body is refused send it to its end, so that it sees the refusal', async () => {
    const { hostname, port } = new URL(plumb.url);
    const socket = connect(Number(port), hostname);
    const received = readAll(socket);
    const announced = 2 * 1024 * 1024;
    socket.write(chat('').toString().replace('content-length: 0', `content-length: ${announced}`));
    // The refusal has come before the body is sent; a connection that was closed with it would break now.
    await new Promise((resolve) => socket.once('data', resolve));
    for (let sent = 0; sent < announced; sent += 64 * 1024) {
      await new Promise<void>((resolve, reject) => {
        socket.write('x'.repeat(64 * 1024), (error) => (error ? reject(error) : resolve()));
      });
    }
    assert.match((await received).toString(), /^HTTP\/1\.1 413 /);
  });

  test('takes the key from x-api-key as well', async () => {
    const response = await rawRequest(plumb.url, { path: '/models', headers: { 'x-api-key': plumb.key } });
    assert.equal(response.status, 200);
  });

  test('is not ready, and does not keep connections, once it is told to stop', async () => {
    plumb.server.platform.draining = true;
    try {
      assert.equal((await plumb.request('/readyz')).status, 503);
      const response = await plumb.request('/healthz');
      assert.deepEqual([response.status, response.headers.get('connection')], [200, 'close']);
    } finally {
      plumb.server.platform.draining = false;
    }
  });
});
