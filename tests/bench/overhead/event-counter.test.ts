/** Counting the events of a stream without reading their JSON. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventCounter } from '#bench/overhead/http/event-counter.js';

const STREAM =
  'data: {"content":""}\n\n: keep-alive\n\ndata: {"content":"~0000000000000042"}\n\ndata: {"content":"~0000000000000043"}\n\ndata: [DONE]\n\n';

function count(text: string, pieceBytes: number, isStamped: boolean) {
  const seen: (number | string | undefined)[] = [];
  const counter = new EventCounter({ chunk: (sentUs) => seen.push(sentUs), done: () => seen.push('done') }, isStamped);
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    counter.push(bytes, start, Math.min(bytes.length, start + pieceBytes));
  }
  return seen;
}

for (const pieceBytes of [1, 5, 33, 1000]) {
  test(`finds chunks, their stamps and the end in pieces of ${pieceBytes} bytes, and no comments`, () => {
    assert.deepEqual(count(STREAM, pieceBytes, true), [undefined, 42, 43, 'done']);
  });
}

test('looks for stamps only where there are some', () => {
  assert.deepEqual(count(STREAM, 1000, false), [undefined, undefined, undefined, 'done']);
});

test('does not count an event that has not ended', () => {
  assert.deepEqual(count('data: {"content":""}\n', 1000, true), []);
});
