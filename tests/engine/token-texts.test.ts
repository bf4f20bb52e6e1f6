/** Text from tokens whose bytes do not end where characters end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TokenDecoder, TokenTexts } from '#llama/generation/token-texts.js';

/** The text of a stream of tokens that have these bytes. */
function decode(tokens: readonly Uint8Array[]): string {
  const texts = new TokenTexts((token) => Buffer.from(tokens[token]!), tokens.length);
  const decoder = new TokenDecoder(texts);
  return tokens.map((_, token) => decoder.push(token)).join('') + decoder.end();
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const places = fc.array(fc.nat(40), { maxLength: 12 });

describe('the decoder of tokens', () => {
  test('gives back any text, wherever tokens cut it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 16 }), places, (text, cuts) => {
        assert.equal(decode(cut(Buffer.from(text), cuts)), text);
      }),
      { numRuns: 1000 },
    );
  });

  test('treats bytes that are no UTF-8 as every decoder does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), places, (bytes, cuts) => {
        assert.equal(decode(cut(bytes, cuts)), Buffer.from(bytes).toString('utf8'));
      }),
      { numRuns: 2000 },
    );
  });

  test('shows a character with the token that completes it', () => {
    const [first, second] = [Buffer.from('a€').subarray(0, 2), Buffer.from('a€').subarray(2)];
    const decoder = new TokenDecoder(new TokenTexts((token) => (token === 0 ? first : second), 2));
    assert.equal(decoder.push(0), 'a');
    assert.equal(decoder.push(1), '€');
    assert.equal(decoder.end(), '');
  });
});
