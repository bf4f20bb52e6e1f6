/** Regular expressions as automata: the same texts as JavaScript's own engine finds. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Automaton,
  complementOf,
  intersection,
  lengthAutomaton,
  otherThan,
} from '#llama/grammar/text/automaton.js';
import { compilePattern } from '#llama/grammar/text/compile-pattern.js';
import { readPattern } from '#llama/grammar/text/read-pattern.js';
import { Unenforceable } from '#llama/grammar/unenforceable.js';

function accepts(automaton: Automaton, text: string): boolean {
  let state = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const edge = automaton[state]!.edges.find(({ ranges }) =>
      ranges.some(([first, last]) => first <= code && code <= last),
    );
    if (edge === undefined) return false;
    state = edge.target;
  }
  return automaton[state]!.accepts;
}

const compile = (source: string) => compilePattern(readPattern(source));

/** Runs a step; one whose automata are too large shows nothing. */
function attempt(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof Unenforceable && /states|work/.test(error.message))) throw error;
  }
}

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '[a-c\\d]',
  '😀',
  '\\.',
  '\\u0061',
  '\\u{1F600}',
  '\\S',
);
const count = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '*?');

const expression = fc.letrec<{ choice: string; sequence: string; item: string }>((tie) => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|')),
  sequence: fc.array(tie('item'), { maxLength: 3 }).map((parts) => parts.join('')),
  item: fc
    .tuple(
      fc.oneof(
        { maxDepth: 2 },
        atom,
        tie('choice').map((inner) => `(?:${inner})`),
        tie('choice').map((inner) => `(${inner})`),
      ),
      count,
    )
    .map(([part, times]) => part + times),
})).sequence;

const anchored = fc.array(fc.tuple(fc.constantFrom('^', ''), expression, fc.constantFrom('$', '')), {
  minLength: 1,
  maxLength: 2,
});

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', ' ', '\n', '.', '😀', 'é'), { maxLength: 7 })
  .map((parts) => parts.join(''));

describe('an automaton of an expression', () => {
  test('accepts what the expression finds', () => {
    fc.assert(
      fc.property(anchored, fc.array(text, { minLength: 10, maxLength: 10 }), (branches, texts) => {
        const source = branches.map((parts) => parts.join('')).join('|');
        attempt(() => {
          const [automaton, expected] = [compile(source), new RegExp(source, 'u')];
          for (const sample of texts) {
            assert.equal(accepts(automaton, sample), expected.test(sample), `${source} ${JSON.stringify(sample)}`);
          }
        });
      }),
      { numRuns: 200 },
    );
  });

  test('can be joined with another one, turned round and counted', () => {
    fc.assert(
      fc.property(expression, expression, text, fc.nat(4), fc.nat(4), (one, other, sample, min, more) => {
        attempt(() => {
          const [left, right] = [compile(`^(?:${one})$`), compile(`^(?:${other})$`)];
          const isLeft = accepts(left, sample);
          assert.equal(accepts(complementOf(left), sample), !isLeft);
          const length = [...sample].length;
          const counted = intersection(left, lengthAutomaton(min, min + more));
          assert.equal(accepts(counted, sample), isLeft && length >= min && length <= min + more);
          assert.equal(accepts(intersection(left, right), sample), isLeft && accepts(right, sample));
        });
      }),
      { numRuns: 150 },
    );
  });

  test('of other texts accepts all but those', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), text, (texts, sample) => {
        const automaton = otherThan(texts);
        assert.equal(accepts(automaton, sample), !texts.includes(sample));
        for (const known of texts) assert.ok(!accepts(automaton, known));
      }),
    );
  });
});
