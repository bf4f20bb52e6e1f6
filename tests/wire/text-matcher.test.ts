/** Finding stop sequences and tags in streamed text: the same result however the text is cut. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TextMatcher } from '@plumb/wire';
import fc from 'fast-check';

/** What is shown of a text that comes in these pieces, and what follows the text that was found. */
function match(texts: readonly string[], pieces: readonly string[]): { shown: string; rest: string | undefined } {
  const matcher = new TextMatcher(texts);
  let shown = '';
  let rest: string | undefined;
  for (const piece of pieces) {
    if (rest !== undefined) {
      rest += piece;
      continue;
    }
    shown += matcher.push(piece);
    rest = matcher.rest;
  }
  if (rest === undefined) shown += matcher.end();
  return { shown, rest };
}

/** The same by looking at the whole text: the match that ends first, and of several that end there the longest. */
function matchWhole(texts: readonly string[], text: string): { shown: string; rest: string | undefined } {
  for (let end = 1; end <= text.length; end++) {
    const found = texts.filter((stop) => stop !== '' && text.slice(0, end).endsWith(stop));
    if (found.length === 0) continue;
    const longest = Math.max(...found.map(({ length }) => length));
    return { shown: text.slice(0, end - longest), rest: text.slice(end) };
  }
  return { shown: text, rest: undefined };
}

/** A text of few letters, so that matches are likely, and where to cut it. */
const cutText = fc
  .tuple(fc.stringMatching(/^[ab\n]{0,30}$/), fc.array(fc.nat(30), { maxLength: 6 }))
  .map(([text, cuts]) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
    return { text, pieces: places.slice(1).map((place, index) => text.slice(places[index], place)) };
  });

describe('a text matcher', () => {
  test('finds what a search of the whole text finds, however the text is cut', () => {
    const stops = fc.array(fc.stringMatching(/^[ab\n]{0,5}$/), { maxLength: 4 });
    fc.assert(
      fc.property(stops, cutText, (texts, { text, pieces }) => {
        assert.deepEqual(match(texts, pieces), matchWhole(texts, text));
      }),
      { numRuns: 2000 },
    );
  });

  test('holds back what could still become a match, and no more', () => {
    const matcher = new TextMatcher(['</think>']);
    assert.equal(matcher.push('so </'), 'so ');
    assert.equal(matcher.push('thin'), '');
    assert.equal(matcher.push('ner'), '</thinner');
    assert.equal(matcher.push(' a < b'), ' a < b');
    assert.equal(matcher.push(' <'), ' ');
    assert.equal(matcher.end(), '<');
  });

  test('passes everything when there is nothing to look for', () => {
    const matcher = new TextMatcher(['']);
    assert.equal(matcher.push('anything'), 'anything');
    assert.equal(matcher.rest, undefined);
  });

  test('takes time that grows with the text and not with its square', () => {
    const stop = `${'a'.repeat(100_000)}b`;
    const matcher = new TextMatcher([stop]);
    let shown = 0;
    for (let piece = 0; piece < 3000; piece++) shown += matcher.push('a'.repeat(100)).length;
    assert.equal(shown, 300_000 - 100_000);
    assert.equal(matcher.push('b'), '');
    assert.equal(matcher.rest, '');
  });
});
