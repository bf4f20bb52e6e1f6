/**
 * 200 KB of what makes tokenizers slow. Time is not measured here, because machines differ; steps are. Between two looks at
 * the clock there is never more than a bounded amount of work, which takes well under a millisecond; how long whole texts take
 * is in docs/benchmarks/tokenizer.md.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Clock } from '#client/time/clock.js';
import { DeepSeekTokenizer } from '#client/tokens/deepseek/deepseek-tokenizer.js';
import { loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { loadVocabulary } from '#client/tokens/deepseek/vocabulary.js';
import { createRandom } from './support/corpus.js';

const LENGTH = 200_000;
const random = createRandom(7);

const TEXTS: Readonly<Record<string, string>> = {
  'one letter': 'a'.repeat(LENGTH),
  'one sign': '='.repeat(LENGTH),
  blanks: ' '.repeat(LENGTH),
  'blanks before a word': `${' '.repeat(LENGTH)}x`,
  'line ends': '\n'.repeat(LENGTH),
  'line ends far apart': `${' '.repeat(999)}\n`.repeat(LENGTH / 1000),
  'null characters': '\0'.repeat(LENGTH),
  'Han without punctuation': fill(() => String.fromCharCode(0x4e00 + random() * 20_000)),
  'letters without blanks': fill(() => String.fromCharCode(0x61 + random() * 26)),
  'joined emoji': '👩‍👩‍👧‍👦'.repeat(LENGTH / 11),
  'combining marks': '\u0301'.repeat(LENGTH),
  'lone surrogates': '\ud800'.repeat(LENGTH),
  'openings of markers': '<｜'.repeat(LENGTH / 2),
};

describe('hostile text', () => {
  let tokenizer: DeepSeekTokenizer;
  before(async () => {
    tokenizer = await loadDeepSeekTokenizer();
  });

  for (const [name, text] of Object.entries(TEXTS))
    test(`${name}: counts in slices what it counts at once`, async () => {
      const clock = new TickingClock();
      const sliced = new DeepSeekTokenizer(await loadVocabulary(), clock);
      const count = await sliced.countAsync(text, { allowMarkers: true });
      assert.equal(count, tokenizer.count(text));
      // One look at the clock for each 4096 units at least, and the event loop has run after every eighth of them.
      assert.ok(clock.looks >= LENGTH / 4096 - 1, `${clock.looks} looks`);
      assert.ok(clock.waits >= Math.floor(clock.looks / 12), `${clock.waits} waits in ${clock.looks} looks`);
    });

  test('can be encoded several at a time', async () => {
    const sliced = new DeepSeekTokenizer(await loadVocabulary(), new TickingClock());
    const texts = [TEXTS['one letter']!, TEXTS['letters without blanks']!, TEXTS['lone surrogates']!];
    const together = await Promise.all(texts.map((text) => sliced.encodeAsync(text)));
    texts.forEach((text, index) => {
      assert.deepEqual(together[index], tokenizer.encode(text));
    });
  });

  test('can be given up, and leaves nothing behind that others would meet', async () => {
    const sliced = new DeepSeekTokenizer(await loadVocabulary(), new TickingClock());
    const leaving = new AbortController();
    const given = sliced.countAsync(TEXTS['letters without blanks']!, {}, leaving.signal);
    leaving.abort(new Error('not needed any more'));
    await assert.rejects(given, /not needed any more/);
    const word = 'y'.repeat(300);
    assert.deepEqual(sliced.encode(word), tokenizer.encode(word));
  });

  test('is not begun with a signal that is aborted', async () => {
    await assert.rejects(tokenizer.encodeAsync('text', {}, AbortSignal.abort(new Error('gone'))), /gone/);
  });
});

/** A clock that moves by a millisecond with each look at it. */
class TickingClock implements Clock {
  looks = 0;
  waits = 0;

  now(): number {
    this.looks += 1;
    return this.looks;
  }

  after(_delayMs: number, call: () => void): () => void {
    this.waits += 1;
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  }
}

function fill(next: () => string): string {
  return Array.from({ length: LENGTH }, next).join('');
}
