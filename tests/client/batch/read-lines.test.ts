/** Specifies how the bytes of a file become lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LineProblem, readLines, type TextLine } from '#client/batch/read-lines.js';

async function* cut(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function read(text: string | Uint8Array, cuts: readonly number[] = [], lineBytesMax?: number) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const lines: (TextLine | LineProblem)[] = [];
  for await (const line of readLines(cut(bytes, cuts), lineBytesMax)) lines.push(line);
  return lines;
}

test('lines are numbered from 1, empty ones counted and left out', async () => {
  assert.deepEqual(await read('a\n\n  \nb\n'), [
    { line: 1, text: 'a' },
    { line: 4, text: 'b' },
  ]);
});

test('a last line needs no line feed', async () => {
  assert.deepEqual(await read('a\nb'), [
    { line: 1, text: 'a' },
    { line: 2, text: 'b' },
  ]);
});

test('CRLF ends a line, and a byte order mark at the start of the file is no part of it', async () => {
  assert.deepEqual(await read('\uFEFFa\r\nb\r\n'), [
    { line: 1, text: 'a' },
    { line: 2, text: 'b' },
  ]);
});

test('a line that is too long is named with its limit, and the next one is read', async () => {
  const [first, second] = await read('aaaaaaaaaa\nb\n', [3, 6], 8);
  assert.deepEqual(first, { line: 1, problem: 'is longer than line_bytes_max, which is 8' });
  assert.deepEqual(second, { line: 2, text: 'b' });
});

test('a line that is not UTF-8 is named, and the next one is read', async () => {
  const lines = await read(Uint8Array.of(0x61, 0xff, 0x0a, 0x62, 0x0a));
  assert.deepEqual(lines, [
    { line: 1, problem: 'is not UTF-8' },
    { line: 2, text: 'b' },
  ]);
});

test('wherever the bytes are cut, the lines are the same', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', 'é', '😀', '\n', '\r\n', ' ') });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(40)), async (whole, cuts) => {
      assert.deepEqual(await read(whole, cuts), await read(whole));
    }),
  );
});
