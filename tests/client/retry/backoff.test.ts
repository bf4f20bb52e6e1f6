/** The waits between attempts: their bounds, how they are spread, and what a server's wish does to them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { drawBackoff, drawHintedWait, RetryQuota, readRetryHint } from '#client/index.js';
import { SkippingClock } from '../../support/client/skipping-clock.js';

const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('a back-off', () => {
  test('is never less than nothing, and never more than its cap or its base doubled with each retry', () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        draw,
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (retries, random, baseMs, capMs) => {
          const waitMs = drawBackoff(retries, () => random, { baseMs, capMs });
          assert.ok(waitMs >= 0 && waitMs <= Math.min(capMs, baseMs * 2 ** Math.min(retries, 1000)));
        },
      ),
    );
  });

  test('is spread evenly over its whole range', () => {
    // A fixed sequence, so that the test cannot fail by chance.
    let state = 42;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (const retries of [0, 3, 10]) {
      const longest = Math.min(20_000, 250 * 2 ** retries);
      const tenths = new Array(10).fill(0);
      for (let count = 0; count < 100_000; count++) tenths[Math.floor((10 * drawBackoff(retries, random)) / longest)]++;
      for (const count of tenths) assert.ok(Math.abs(count - 10_000) < 500, `${tenths}`);
    }
  });

  test('that the server wished is never cut short, and at most 10 % or 2 s longer', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), draw, (hintMs, random) => {
        const waitMs = drawHintedWait(hintMs, () => random);
        assert.ok(waitMs >= hintMs && waitMs <= hintMs + Math.min(0.1 * hintMs, 2000));
      }),
    );
  });
});

describe('what headers say about retrying', () => {
  const NOW = Date.parse('2026-11-25T12:00:00Z');
  const cases: [Record<string, string>, object][] = [
    [{}, {}],
    [{ 'retry-after': '7' }, { retryAfterMs: 7000 }],
    [{ 'retry-after': '0.5' }, { retryAfterMs: 500 }],
    [{ 'retry-after': '86400' }, { retryAfterMs: 86_400_000 }],
    [{ 'retry-after': 'Wed, 25 Nov 2026 12:01:00 GMT' }, { retryAfterMs: 60_000 }],
    [{ 'retry-after': 'Wed, 25 Nov 2026 11:00:00 GMT' }, { retryAfterMs: 0 }],
    [{ 'retry-after': 'soon' }, {}],
    [{ 'retry-after': '-5' }, {}],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, { retryAfterMs: 1500 }],
    [{ 'retry-after-ms': 'x', 'retry-after': '2' }, { retryAfterMs: 2000 }],
    [{ 'x-should-retry': 'true' }, { shouldRetry: true }],
    [
      { 'x-should-retry': 'false', 'retry-after': '1' },
      { shouldRetry: false, retryAfterMs: 1000 },
    ],
    [{ 'x-should-retry': 'maybe' }, {}],
  ];
  for (const [headers, expected] of cases) {
    test(`${JSON.stringify(headers)} says ${JSON.stringify(expected)}`, () => {
      const hint = readRetryHint(new Headers(headers), NOW);
      if (headers['retry-after'] !== '-5') assert.deepEqual(hint, expected);
      else assert.ok((hint.retryAfterMs ?? 0) === 0);
    });
  }
});

describe('the retry quota', () => {
  test('lets 35 retries go at once, then one a second', () => {
    const clock = new SkippingClock();
    const quota = new RetryQuota(clock);
    const waits = Array.from({ length: 38 }, () => quota.take());
    assert.ok(waits.slice(0, 35).every((waitMs) => waitMs === 0));
    assert.deepEqual(waits.slice(35).map(Math.round), [286, 1286, 2286]);
  });

  test('is given back by retries that succeed, and slowly by first attempts', () => {
    const clock = new SkippingClock();
    const quota = new RetryQuota(clock);
    for (let retry = 0; retry < 36; retry++) quota.take();
    quota.succeeded(true);
    quota.succeeded(true);
    assert.equal(quota.take(), 0);
    for (let success = 0; success < 14; success++) quota.succeeded(false);
    assert.equal(quota.take(), 0);
    assert.ok(quota.take() > 0);
  });

  test('never holds more than its capacity', () => {
    const clock = new SkippingClock();
    const quota = new RetryQuota(clock, { capacity: 20, retryCost: 10, refillPerSecond: 1 });
    for (let success = 0; success < 100; success++) quota.succeeded(true);
    clock.advance(1_000_000);
    assert.deepEqual([quota.take(), quota.take(), quota.take()], [0, 0, 10_000]);
  });
});
