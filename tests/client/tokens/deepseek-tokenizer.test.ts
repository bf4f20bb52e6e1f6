/**
 * The tokenizer agrees with the one of Hugging Face. What is independent here: the code (theirs is Rust), and the splitting
 * into words, which they do by the regular expressions of DeepSeek's file and we by a scanner. The vocabulary is ours for
 * both; that it is DeepSeek's is held by digests that scripts/pack-tokenizer.mjs took of the original tokenizer.json.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type DeepSeekTokenizer, loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { CORPUS } from './support/corpus.js';
import { createOracle, digest, readVocabulary } from './support/oracle.js';

/** All planes with characters; of those for private use, and of those with nothing, the first ones stand for all. */
const CODE_POINTS: readonly (readonly [first: number, last: number])[] = [
  [0, 0x33800],
  [0x40000, 0x40100],
  [0xe0000, 0xe0200],
  [0xf0000, 0xf0100],
  [0x10ff00, 0x110000],
];
const CODE_POINTS_AT_ONCE = 64;

describe('the DeepSeek tokenizer', () => {
  let tokenizer: DeepSeekTokenizer;
  before(async () => {
    tokenizer = await loadDeepSeekTokenizer();
  });

  test('has the vocabulary of the original file, token by token and merge by merge', async () => {
    const { tokens, merges } = await readVocabulary();
    assert.equal(tokens.length, 128_000);
    assert.equal(digest(tokens), '9396a08380c6c99b28a0221034efbbf26554e778aac3f26419229323b19828cc');
    assert.equal(digest(merges), '547bace837acea98652eef5669c9b01cee1c73ad1d2a44d6fdce9e6a81c22147');
  });

  test('gives the ids of the Hugging Face tokenizer for every piece of the corpus', async () => {
    const oracle = await createOracle();
    assert.ok(CORPUS.length >= 400, `${CORPUS.length} pieces`);
    for (const piece of CORPUS) assert.deepEqual(tokenizer.encode(piece), await oracle(piece), JSON.stringify(piece));
  });

  test('gives its ids for every character of Unicode, beside letters, digits, Han, punctuation, blanks and line ends', async () => {
    const oracle = await createOracle();
    for (const [first, last] of CODE_POINTS)
      for (let start = first; start < last; start += CODE_POINTS_AT_ONCE) {
        const characters = Array.from({ length: CODE_POINTS_AT_ONCE }, (_, index) =>
          String.fromCodePoint(start + index),
        );
        const text = characters.map(surround).join('');
        assert.deepEqual(tokenizer.encode(text), await oracle(text), `from U+${start.toString(16)}`);
      }
  });

  test('counts what it encodes, at once and in slices', async () => {
    for (const piece of CORPUS) {
      const ids = tokenizer.encode(piece);
      assert.equal(tokenizer.count(piece), ids.length);
      assert.equal(await tokenizer.countAsync(piece), ids.length);
      assert.deepEqual(await tokenizer.encodeAsync(piece), ids);
    }
  });

  test('reads markers in text as ordinary characters', () => {
    const ids = tokenizer.encode('<｜User｜>');
    assert.equal(ids.length, 5);
    assert.ok(ids.every((id) => id < 128_000));
    assert.equal(tokenizer.decode(ids), '<｜User｜>');
  });

  test('reads markers as single tokens where they are allowed', () => {
    const prompt =
      '<｜begin▁of▁sentence｜>You.<｜User｜>Hi<｜Assistant｜><|EOT|><｜place▁holder▁no▁799｜><｜place▁holder▁no▁800｜>';
    const ids = tokenizer.encode(prompt, { allowMarkers: true });
    assert.deepEqual(
      [ids[0], ids.indexOf(128_803) > 0, ids.includes(128_804), ids.includes(128_805)],
      [0, true, true, true],
    );
    assert.ok(ids.includes(128_799));
    assert.ok(!ids.includes(128_800));
    assert.equal(tokenizer.decode(ids), prompt);
    assert.equal(tokenizer.count(prompt, { allowMarkers: true }), ids.length);
  });

  test('finds a marker right behind something that looks like one', () => {
    assert.deepEqual(tokenizer.encode('<｜<｜User｜>', { allowMarkers: true }).at(-1), 128_803);
    assert.deepEqual(tokenizer.encode('<｜x｜><｜User｜>', { allowMarkers: true }).at(-1), 128_803);
  });

  test('decodes a cut character as U+FFFD and keeps a byte order mark', () => {
    const cut = tokenizer.encode('𪚥').slice(0, 1);
    assert.equal(tokenizer.decode(cut), '\ufffd');
    assert.equal(tokenizer.decode(tokenizer.encode('\ufeffa')), '\ufeffa');
  });

  for (const id of [-1, 1.5, Number.NaN, 128_815, 1e9])
    test(`refuses to decode ${id}`, () => {
      assert.throws(() => tokenizer.decode([id]), { name: 'KitError', code: 'invalid_input' });
    });
});

/** A character where each rule of the splitting can meet it. */
function surround(character: string): string {
  return `a${character}b ${character}.${character}\n${character}${character} 1${character}漢${character}字`;
}
