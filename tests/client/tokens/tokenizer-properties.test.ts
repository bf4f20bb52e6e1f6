/** What holds for the tokenizer whatever the text is. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type DeepSeekTokenizer, loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { createOracle } from './support/oracle.js';

/** Texts of few characters, in which rules meet and words become long. */
const DENSE = fc
  .array(fc.tuple(fc.constantFrom(...' \n\t.a1é中ア\0😀'), fc.integer({ min: 1, max: 90 })), { maxLength: 12 })
  .map((runs) => runs.map(([character, times]) => character.repeat(times)).join(''));
const CODE_POINT = fc.integer({ min: 0, max: 0x10ffff }).filter((value) => value < 0xd800 || value > 0xdfff);
const SPARSE = fc.array(CODE_POINT).map((values) => String.fromCodePoint(...values));
const TEXT = fc.oneof(DENSE, SPARSE, fc.string({ unit: 'grapheme' }), fc.string());
const UNITS = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

describe('the DeepSeek tokenizer, for any text', () => {
  let tokenizer: DeepSeekTokenizer;
  before(async () => {
    tokenizer = await loadDeepSeekTokenizer();
  });

  test('decodes to the text that it has encoded', () => {
    fc.assert(fc.property(TEXT, (text) => assert.equal(tokenizer.decode(tokenizer.encode(text)), text)));
  });

  test('reads lone surrogates as U+FFFD', () => {
    fc.assert(
      fc.property(UNITS, (text) => {
        assert.equal(tokenizer.decode(tokenizer.encode(text)), text.toWellFormed());
      }),
    );
  });

  test('counts as many tokens as it encodes', () => {
    fc.assert(fc.property(fc.oneof(TEXT, UNITS), (text) => tokenizer.count(text) === tokenizer.encode(text).length));
  });

  test('gives the same ids again when it knows the words, and as a new tokenizer', async () => {
    const fresh = await loadDeepSeekTokenizer();
    fc.assert(
      fc.property(TEXT, (text) => {
        const ids = tokenizer.encode(text);
        assert.deepEqual(tokenizer.encode(text), ids);
        assert.deepEqual(fresh.encode(text), ids);
      }),
    );
  });

  test('gives the ids of the Hugging Face tokenizer', async () => {
    const oracle = await createOracle();
    await fc.assert(
      fc.asyncProperty(fc.oneof(TEXT, UNITS), async (text) => {
        assert.deepEqual(tokenizer.encode(text), await oracle(text));
      }),
    );
  });
});
