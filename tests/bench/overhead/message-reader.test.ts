/** What the stub upstream and the load generator of the overhead benchmark make of HTTP/1.1, however it is split. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MessageReader } from '#bench/overhead/http/message-reader.js';

const BUFFERED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;x=1\r\nhello\r\nA\r\n and world\r\n0\r\nx: y\r\n\r\n';

/** What a reader tells of bytes that come in pieces of one size. */
function read(text: string, pieceBytes: number, bodyWithoutLength: 'empty' | 'rest' = 'rest') {
  const messages: { head: string; body: string }[] = [];
  const memory = Buffer.alloc(pieceBytes);
  let body = '';
  let head = '';
  const reader = new MessageReader(
    {
      head(text) {
        head = text;
        body = '';
      },
      body(bytes, start, end) {
        body += bytes.toString('latin1', start, end);
      },
      end() {
        messages.push({ head: head.split('\r\n')[0]!, body });
      },
    },
    bodyWithoutLength,
  );
  const bytes = Buffer.from(text, 'latin1');
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    // The same memory for every piece, as a socket does it: nothing may be kept without a copy.
    const length = bytes.copy(memory, 0, start, start + pieceBytes);
    reader.push(memory.subarray(0, length));
  }
  return { messages, reader };
}

describe('reading messages', () => {
  for (const pieceBytes of [1, 2, 3, 7, 1000]) {
    test(`reads one after the other in pieces of ${pieceBytes} bytes`, () => {
      const { messages, reader } = read(BUFFERED + CHUNKED + BUFFERED, pieceBytes);
      const head = 'HTTP/1.1 200 OK';
      assert.deepEqual(messages, [
        { head, body: 'hello' },
        { head, body: 'hello and world' },
        { head, body: 'hello' },
      ]);
      assert.ok(reader.isBetweenMessages);
    });
  }

  test('takes a request without a length as one without a body', () => {
    const { messages } = read('GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n', 1000, 'empty');
    assert.deepEqual(
      messages.map(({ body }) => body),
      ['', ''],
    );
  });

  test('takes all that comes as the body of a response without a length', () => {
    const { messages, reader } = read('HTTP/1.1 200 OK\r\n\r\nhello', 2);
    assert.equal(messages.length, 0);
    reader.close();
    assert.deepEqual(messages, [{ head: 'HTTP/1.1 200 OK', body: 'hello' }]);
  });

  test('says when a connection is closed in the middle of a message', () => {
    const { reader } = read(BUFFERED.slice(0, -1), 1000);
    assert.throws(() => reader.close(), /in the middle of a message/);
  });

  test('refuses chunks without a size, and chunks that are longer than theirs', () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    assert.throws(() => read(`${head}z\r\n`, 1000), /Not a chunk size/);
    assert.throws(() => read(`${head}2\r\nhello\r\n`, 1000), /does not end where its size says/);
  });
});
