/** Prices: what tokens cost, exactly, and the most that they can. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toMoney } from '#server/ledger/money.js';
import { PeakHours } from '#server/ledger/peak-hours.js';
import { costOf, mostCost, type PaidTokens, type Rates, ratesAt } from '#server/ledger/price.js';

/** DeepSeek's kind of prices: 0.028, 0.28 and 0.42 for a million tokens. */
const rates: Rates = { inputCacheHit: toMoney(0.028), inputCacheMiss: toMoney(0.28), output: toMoney(0.42) };
const MILLION = 1_000_000n;

function tokens(hit: number, miss: number, completion: number): PaidTokens {
  return { prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens: miss, completion_tokens: completion };
}

const anyRates = (): fc.Arbitrary<Rates> => {
  const rate = fc.oneof(fc.bigInt({ min: 0n, max: 3n * MILLION }), fc.bigInt({ min: 0n, max: toMoney(1_000_000) }));
  return fc.record({ inputCacheHit: rate, inputCacheMiss: rate, output: rate });
};
const anyTokens = (): fc.Arbitrary<PaidTokens> => {
  const count = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 20_000_000 }));
  return fc.tuple(count, count, count).map(([hit, miss, completion]) => tokens(hit, miss, completion));
};

/** What tokens cost in millionths of a nano-unit: never rounded. */
function exactMillionths(price: Rates, used: PaidTokens): bigint {
  return (
    price.inputCacheHit * BigInt(used.prompt_cache_hit_tokens) +
    price.inputCacheMiss * BigInt(used.prompt_cache_miss_tokens) +
    price.output * BigInt(used.completion_tokens)
  );
}

function sum(one: PaidTokens, other: PaidTokens): PaidTokens {
  return tokens(
    one.prompt_cache_hit_tokens + other.prompt_cache_hit_tokens,
    one.prompt_cache_miss_tokens + other.prompt_cache_miss_tokens,
    one.completion_tokens + other.completion_tokens,
  );
}

describe('the cost of tokens', () => {
  const examples: [string, PaidTokens, bigint][] = [
    ['a million of each', tokens(1_000_000, 1_000_000, 1_000_000), toMoney(0.728)],
    ['one of the cache', tokens(1, 0, 0), 28n],
    ['one of a prompt', tokens(0, 1, 0), 280n],
    ['one of an answer', tokens(0, 0, 1), 420n],
    ['nothing', tokens(0, 0, 0), 0n],
  ];
  for (const [name, used, cost] of examples) {
    test(`is exact for ${name}`, () => assert.equal(costOf(rates, used), cost));
  }

  test('is rounded up to a nano-unit once, not for every kind of token', () => {
    const thin = { inputCacheHit: 1n, inputCacheMiss: 1n, output: 1n };
    assert.equal(costOf(thin, tokens(1, 0, 0)), 1n);
    assert.equal(costOf(thin, tokens(1, 1, 1)), 1n);
    assert.equal(costOf(thin, tokens(500_000, 500_000, 0)), 1n);
    assert.equal(costOf(thin, tokens(500_000, 500_000, 1)), 2n);
  });

  test('is never below what it exactly is, and less than a nano-unit above', () => {
    fc.assert(
      fc.property(anyRates(), anyTokens(), (price, used) => {
        const excess = costOf(price, used) * MILLION - exactMillionths(price, used);
        assert.ok(excess >= 0n && excess < MILLION, `${excess} millionths`);
      }),
    );
  });

  test('of two requests is that of both together, but for less than a nano-unit of rounding', () => {
    fc.assert(
      fc.property(anyRates(), anyTokens(), anyTokens(), (price, one, other) => {
        const difference = costOf(price, one) + costOf(price, other) - costOf(price, sum(one, other));
        assert.ok(difference === 0n || difference === 1n, `${difference}`);
      }),
    );
  });

  test('never falls when more is used', () => {
    fc.assert(
      fc.property(anyRates(), anyTokens(), anyTokens(), (price, one, more) => {
        assert.ok(costOf(price, sum(one, more)) >= costOf(price, one));
      }),
    );
  });
});

describe('the most that a request can cost', () => {
  test('is that of a prompt that nothing of is in the cache, and of the longest answer', () => {
    assert.equal(mostCost(rates, 1000, 100), costOf(rates, tokens(0, 1000, 100)));
  });

  test('is not exceeded by any split of the prompt and any shorter answer, even where the cache costs more', () => {
    const request = fc.record({
      prompt: fc.nat({ max: 2_000_000 }),
      answer: fc.nat({ max: 200_000 }),
      hitShare: fc.double({ min: 0, max: 1, noNaN: true }),
      answerShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(anyRates(), request, (price, { prompt, answer, hitShare, answerShare }) => {
        const hit = Math.floor(prompt * hitShare);
        const cost = costOf(price, tokens(hit, prompt - hit, Math.floor(answer * answerShare)));
        assert.ok(mostCost(price, prompt, answer) >= cost);
      }),
    );
  });
});

describe('the rates at a time', () => {
  const peak: Rates = { inputCacheHit: 2n, inputCacheMiss: 2n, output: 2n };
  const hours = new PeakHours({ hours: ['01:00-04:00'], days: ['wed'], except: [] });
  const duringPeak = Date.UTC(2026, 10, 25, 2);

  test('are those of the peak during peak hours', () => {
    assert.equal(ratesAt({ ...rates, peak }, hours, duringPeak), peak);
    assert.equal(ratesAt({ ...rates, peak }, hours, duringPeak + 2 * 3_600_000).output, rates.output);
  });

  test('are the usual ones for a model that has no others', () => {
    assert.equal(ratesAt(rates, hours, duringPeak), rates);
  });
});
