/** Specifies what a batch costs: exact, at the price of the moment, and by the price lists of the configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf, deepseekPrices, formatMoney, PriceTable } from '#client/batch/price.js';

const MONDAY_NOON = Date.UTC(2026, 10, 23, 12);
const MONDAY_PEAK = Date.UTC(2026, 10, 23, 2);
const SUNDAY_PEAK_HOUR = Date.UTC(2026, 10, 22, 2);

test('cached tokens have their own price, and the sum is rounded up once', () => {
  const rates = { inputCacheHit: 1n, inputCacheMiss: 10n, output: 100n };
  assert.equal(costOf(rates, { prompt: 3, cached: 1, answer: 1 }), 1n);
  assert.equal(costOf(rates, { prompt: 3_000_000, cached: 1_000_000, answer: 1_000_000 }), 121n);
});

test('peak prices hold in their hours on their days', () => {
  const prices = deepseekPrices();
  assert.equal(prices.ratesOf('deepseek-v4-pro', MONDAY_NOON)?.output, 1_980_000_000n);
  assert.equal(prices.ratesOf('deepseek-v4-pro', MONDAY_PEAK)?.output, 3_960_000_000n);
  assert.equal(prices.ratesOf('deepseek-v4-pro', SUNDAY_PEAK_HOUR)?.output, 1_980_000_000n);
  assert.equal(prices.ratesOf('another', MONDAY_NOON), undefined);
});

test('days that are left out have no peak prices', () => {
  const price = { input_cache_hit: 1, input_cache_miss: 1, output: 1 };
  const peak = { hours: ['01:00-04:00'], except: ['2026-11-23'] };
  const prices = new PriceTable({ peak, models: { m: { ...price, peak: { ...price, output: 2 } } } });
  assert.equal(prices.ratesOf('m', MONDAY_PEAK)?.output, 1_000_000_000n);
});

test('prices and hours of another form are refused', () => {
  assert.throws(() => new PriceTable({ models: { m: { output: 1 } as never } }), /input_cache_hit/);
  assert.throws(() => new PriceTable({ peak: { hours: ['4-1'] }, models: {} }), /01:00-04:00/);
});

test('amounts are written with all that they have', () => {
  assert.deepEqual([0n, 1n, 2_500_000_000n, -1_000_000n].map(formatMoney), ['0.00', '0.000000001', '2.50', '-0.001']);
});
