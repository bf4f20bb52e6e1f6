/** The estimate without a vocabulary, against the exact count. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { estimateTokens } from '#client/index.js';
import { type DeepSeekTokenizer, loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { CHINESE, ENGLISH, PROGRAMS } from './support/prose.js';

/** How far off the whole of a text may be. */
const TOLERANCE = 0.1;

const TEXTS: Readonly<Record<string, string>> = {
  'English prose': ENGLISH,
  'English manuals': ['guide/limits.md', 'guide/tools.md', 'guide/engine.md']
    .map((page) => read(`docs/${page}`))
    .join(''),
  'Chinese prose': CHINESE,
  TypeScript: ['client/src/errors/kit-error.ts', 'client/src/limiter/limiter.ts', 'client/src/time/clock.ts']
    .map((file) => read(`packages/${file}`))
    .join(''),
  'programs in many languages': PROGRAMS.join('\n'),
  JSON:
    read('package.json') +
    read('package-lock.json')
      .slice(0, 30_000)
      .replaceAll(/sha512-[^"]*/g, ''),
  'JSON without blanks': JSON.stringify(JSON.parse(read('package.json'))),
};

describe('the estimate', () => {
  let tokenizer: DeepSeekTokenizer;
  before(async () => {
    tokenizer = await loadDeepSeekTokenizer();
  });

  for (const [name, text] of Object.entries(TEXTS))
    test(`is within 10 % for ${name}`, () => {
      const error = estimateTokens(text) / tokenizer.count(text) - 1;
      assert.ok(Math.abs(error) <= TOLERANCE, `${(error * 100).toFixed(1)} %`);
    });

  test('is a whole number above 0 for any text but the empty one', () => {
    assert.equal(estimateTokens(''), 0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1 }), (units) => {
        const tokens = estimateTokens(String.fromCharCode(...units));
        assert.ok(Number.isInteger(tokens) && tokens > 0, `${tokens}`);
      }),
    );
  });

  test('of a long text comes from samples of all of it', () => {
    const long = ENGLISH.repeat(300) + CHINESE.repeat(600);
    const parts = Math.ceil(300 * estimateTokens(ENGLISH) + 600 * estimateTokens(CHINESE));
    assert.ok(Math.abs(estimateTokens(long) / parts - 1) < 0.05);
  });
});

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
}
