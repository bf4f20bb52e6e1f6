/** Which tokens could make constrained text something else than what its grammar took it for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Utf8Guard } from '#llama/generation/utf8-guard.js';

/** A vocabulary of every byte, and of some pieces. */
const PIECES = [
  ...Array.from({ length: 256 }, (_, byte) => Buffer.of(byte)),
  ...['é', '€', '😀', 'a€', '€a', '\ud7ff', '\ue000', ''].map((text) => Buffer.from(text)),
  ...[
    [0xe2, 0x82],
    [0x82, 0xac],
    [0x61, 0xf0, 0x9f],
    [0xac, 0x61],
  ].map((bytes) => Buffer.from(bytes)),
  ...[
    [0xc0, 0xa2],
    [0xe0, 0x82],
    [0xed, 0xa0],
    [0xf4, 0x90],
    [0xc3, 0x61],
    [0x61, 0x82, 0x61],
  ].map((bytes) => Buffer.from(bytes)),
];
const INVALID_PIECES = 6;

const guard = new Utf8Guard((token) => PIECES[token]!, PIECES.length);

test('pieces that are part of no text are never allowed', () => {
  const never = guard.neverValid;
  const bytes = never.filter((token) => token < 256);
  assert.deepEqual(bytes, [0xc0, 0xc1, ...Array.from({ length: 11 }, (_, index) => 0xf5 + index)]);
  const pieces = never.filter((token) => token >= 256);
  assert.deepEqual(
    pieces,
    Array.from({ length: INVALID_PIECES }, (_, index) => PIECES.length - INVALID_PIECES + index),
  );
});

test('bytes that would make a character longer than it is are not allowed after its first byte', () => {
  const singles = (token: number) => guard.forbiddenAfter(token).filter((other) => other < 256);
  assert.deepEqual(
    singles(0xe0),
    Array.from({ length: 0x20 }, (_, index) => 0x80 + index),
  );
  assert.deepEqual(
    singles(0xf0),
    Array.from({ length: 0x10 }, (_, index) => 0x80 + index),
  );
  for (const token of [0x61, 0xe1, 0xf1, 0x80, 256]) assert.deepEqual(guard.forbiddenAfter(token), []);
});

test('no piece of valid text is ever forbidden', () => {
  const tokens = new Map(PIECES.map((piece, token) => [piece.toString('latin1'), token]));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (text) => {
      fc.pre(text.isWellFormed());
      let previous: number | undefined;
      for (const byte of Buffer.from(text)) {
        const token = tokens.get(String.fromCharCode(byte))!;
        assert.ok(!guard.neverValid.includes(token));
        if (previous !== undefined) assert.ok(!guard.forbiddenAfter(previous).includes(token), text);
        previous = token;
      }
    }),
  );
});
