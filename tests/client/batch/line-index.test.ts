/** Specifies the index of a batch's lines: it knows what a map would know, in a few bytes a line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashText, toHex } from '#client/batch/hash.js';
import { LineIndex, LineState } from '#client/batch/line-index.js';

test('it finds what was added and nothing else', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 3000 }), fc.array(fc.string()), (names, others) => {
      const index = new LineIndex();
      for (const [at, name] of names.entries())
        index.add(hashText(name), hashText(`body ${name}`), at + 1, LineState.listed);
      for (const [at, name] of names.entries()) {
        const entry = index.find(hashText(name));
        assert.equal(index.lineOf(entry), at + 1);
        assert.ok(index.hasBody(entry, hashText(`body ${name}`)));
        assert.ok(!index.hasBody(entry, hashText(`body of another ${name}`)));
      }
      for (const other of others) assert.equal(index.find(hashText(other)) >= 0, names.includes(other));
    }),
    { numRuns: 30 },
  );
});

test('a line has a state of its own', () => {
  const index = new LineIndex();
  const [first, second] = ['a', 'b'].map((name) => index.add(hashText(name), undefined, 1, LineState.listed));
  index.setState(second!, LineState.succeeded);
  assert.equal(index.stateOf(first!), LineState.listed);
  assert.equal(index.stateOf(second!), LineState.succeeded);
});

test('a body that is not known may be any', () => {
  const index = new LineIndex();
  assert.ok(index.hasBody(index.add(hashText('a'), undefined, 1, LineState.listed), hashText('whatever')));
});

test('a million lines take less than 45 bytes each', () => {
  const before = process.memoryUsage().arrayBuffers;
  const index = new LineIndex();
  for (let line = 1; line <= 1_000_000; line += 1) {
    const hash = hashText(`request-${line}`);
    index.add(hash, hash, line, LineState.listed);
  }
  const bytes = (process.memoryUsage().arrayBuffers - before) / index.size;
  assert.equal(index.size, 1_000_000);
  assert.ok(bytes < 45, `${bytes} bytes a line`);
});

test('texts that differ in a little have hashes that differ in all words', () => {
  const hashes = new Set<number>();
  for (const text of ['', '\0', '\0\0', 'a', 'b', 'ab', 'ba', 'a\0', 'abcdefgh', 'abcdefgi', 'abcdefghi', 'é', 'e']) {
    for (const word of hashText(text)) hashes.add(word);
  }
  assert.equal(hashes.size, 13 * 4);
  assert.match(toHex(hashText('a')), /^[0-9a-f]{16}$/);
});
