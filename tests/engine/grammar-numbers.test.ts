/** Ranges of numbers as grammars: exactly the whole numbers between two bounds, and no decimal outside of them. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { spansBetween } from '#llama/grammar/write/digit-spans.js';
import { grammarOf, type Matcher, openMatchers } from '../support/grammar-matcher.js';

let open: (gbnf: string) => Matcher;
before(async () => {
  open = await openMatchers();
});

describe('the grammar of a range', () => {
  test('has every whole number of it once', () => {
    fc.assert(
      fc.property(fc.nat(30_000), fc.nat(3000), (low, width) => {
        const numbers: number[] = [];
        for (const { prefix, first, last, free } of spansBetween(BigInt(low), BigInt(low + width))) {
          for (let digit = first; digit <= last; digit++) {
            const start = Number(`${prefix}${digit}${'0'.repeat(free)}`);
            for (let rest = 0; rest < 10 ** free; rest++) numbers.push(start + rest);
          }
        }
        assert.deepEqual(
          numbers.sort((left, right) => left - right),
          Array.from({ length: width + 1 }, (_, index) => low + index),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('of whole numbers lets through what is in it', () => {
    const bound = fc.integer({ min: -2000, max: 2000 });
    fc.assert(
      fc.property(
        bound,
        bound,
        fc.integer({ min: 1, max: 30 }),
        fc.array(bound, { minLength: 20, maxLength: 20 }),
        (one, other, multipleOf, samples) => {
          const [minimum, maximum] = [Math.min(one, other), Math.max(one, other)];
          const fits = (value: number) => value >= minimum && value <= maximum && value % multipleOf === 0;
          const all = Array.from({ length: maximum - minimum + 1 }, (_, index) => minimum + index);
          fc.pre(all.some(fits));
          const matches = open(grammarOf({ type: 'integer', minimum, maximum, multipleOf }));
          for (const value of [...samples, minimum - 1, minimum, maximum, maximum + 1]) {
            assert.equal(matches(String(value)), fits(value), `${value} in ${minimum} to ${maximum} by ${multipleOf}`);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of decimals lets nothing through that is outside of it, and much that is inside', () => {
    const decimal = fc
      .tuple(fc.integer({ min: -30_000, max: 30_000 }), fc.nat(4))
      .map(([digits, places]) => digits / 10 ** places);
    const samples = fc.array(decimal, { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(
        decimal,
        decimal,
        fc.boolean(),
        fc.boolean(),
        samples,
        (one, other, isOpenBelow, isOpenAbove, values) => {
          const [low, high] = [Math.min(one, other), Math.max(one, other)];
          fc.pre(high - low > 0.001);
          const matches = open(
            grammarOf({
              type: 'number',
              ...(isOpenBelow ? { exclusiveMinimum: low } : { minimum: low }),
              ...(isOpenAbove ? { exclusiveMaximum: high } : { maximum: high }),
            }),
          );
          for (const value of [...values, low, high]) {
            const isInside = (isOpenBelow ? value > low : value >= low) && (isOpenAbove ? value < high : value <= high);
            assert.equal(matches(String(value)), isInside && !Object.is(value, -0), `${value} in ${low} to ${high}`);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
