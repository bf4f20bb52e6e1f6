/** Specifies what a plan says about money: ranges, and the prices of now and of later. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PriceTable } from '#client/batch/price.js';
import { costRange, planCost } from '#client/plan/cost.js';

const prices = new PriceTable({
  currency: 'EUR',
  peak: { hours: ['01:00-04:00'], days: ['mon'] },
  models: {
    far: {
      input_cache_hit: 1,
      input_cache_miss: 10,
      output: 100,
      peak: { input_cache_hit: 2, input_cache_miss: 20, output: 200 },
    },
    flat: { input_cache_hit: 1, input_cache_miss: 1, output: 1 },
  },
});
const totals = { requests: 10, promptTokens: 1000, answerTokensMax: 500, unbounded: 0 };
/** A Monday. */
const MONDAY = Date.parse('2026-11-23T02:30:00Z');
const NANO = 1_000_000_000n;

test('costs go from the cheapest that can be to the dearest, by way of what is expected', () => {
  const rates = (model: string) => prices.ratesOf(model, MONDAY - 24 * 3_600_000);
  const range = costRange(new Map([['far', totals]]), rates, { answerTokens: 20, cachedShare: 0.5 });
  assert.deepEqual(range, {
    least: (1000n * 1n + 200n * 100n) * (NANO / 1_000_000n),
    expected: (500n * 1n + 500n * 10n + 200n * 100n) * (NANO / 1_000_000n),
    most: (1000n * 10n + 500n * 100n) * (NANO / 1_000_000n),
  });
  const open = costRange(new Map([['far', { ...totals, unbounded: 1 }]]), rates);
  assert.deepEqual([open?.expected, open?.most], [undefined, undefined]);
  assert.equal(costRange(new Map([['unknown', totals]]), rates), undefined);
});

test('a plan has the prices of now and those that come next, with their time', () => {
  const cost = planCost({ prices, models: new Map([['far', totals]]), at: MONDAY }, 20);
  assert.equal(cost?.isPeak, true);
  assert.equal(cost?.currency, 'EUR');
  assert.equal(cost?.later?.from, Date.parse('2026-11-23T04:00:00Z'));
  assert.equal(cost?.now.expected, 2n * (cost?.later?.range.expected ?? 0n));
  const tuesday = planCost({ prices, models: new Map([['far', totals]]), at: MONDAY + 24 * 3_600_000 }, 20);
  assert.equal(tuesday?.later?.from, Date.parse('2026-11-30T01:00:00Z'));
});

test('prices that never change have no later', () => {
  const always = new PriceTable({ models: { flat: { input_cache_hit: 1, input_cache_miss: 1, output: 1 } } });
  assert.equal(planCost({ prices: always, models: new Map([['flat', totals]]), at: MONDAY }, 20)?.later, undefined);
});
