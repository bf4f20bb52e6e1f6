/** The headers that explain limits, in the formats that OpenAI's clients read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, type Refusal, renderHeadroom, renderRefusal } from '#server/limits/index.js';

const requests = { limit: 60, remaining: 59, resetMs: 1000 };
const tokens = { limit: 150_000, remaining: 149_984, resetMs: 360_000 };

test('writes durations as Go does', () => {
  const durations: [number, string][] = [
    [0, '0s'],
    [1, '1ms'],
    [120, '120ms'],
    [999, '999ms'],
    [1000, '1s'],
    [1001, '1.001s'],
    [8640, '8.64s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [90_951, '1m30.951s'],
    [360_000, '6m0s'],
    [3_600_000, '1h0m0s'],
    [90_061_001, '25h1m1.001s'],
  ];
  for (const [durationMs, text] of durations) assert.equal(formatDuration(durationMs), text);
});

test('writes durations that read back as they were', () => {
  const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  fc.assert(
    fc.property(fc.nat(), (durationMs) => {
      const parts = formatDuration(durationMs).matchAll(/([\d.]+)(ms|h|m|s)/g);
      const sum = [...parts].reduce((total, [, amount, unit]) => total + Number(amount) * unitMs[unit!]!, 0);
      assert.equal(Math.round(sum), durationMs);
    }),
  );
});

test('says of both axes the limit, what remains and when it is whole again', () => {
  assert.deepEqual(renderHeadroom({ requests, tokens }), {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '59',
    'x-ratelimit-reset-requests': '1s',
    'x-ratelimit-limit-tokens': '150000',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6m0s',
  });
});

test('says nothing of an axis that has no limit', () => {
  assert.deepEqual(Object.keys(renderHeadroom({ tokens })), [
    'x-ratelimit-limit-tokens',
    'x-ratelimit-remaining-tokens',
    'x-ratelimit-reset-tokens',
  ]);
  assert.deepEqual(renderHeadroom({}), {});
});

test('tells a refused request when to come again, in milliseconds and in seconds rounded up', () => {
  const refusal = {
    admitted: false,
    limit: 'requests',
    scope: 'account',
    headroom: { requests },
    never: false,
  } as const;
  const rounded: [number, string][] = [
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [59_999, '60'],
  ];
  for (const [retryAfterMs, seconds] of rounded) {
    const headers = renderRefusal({ ...refusal, retryAfterMs });
    assert.equal(headers['retry-after'], seconds);
    assert.equal(headers['retry-after-ms'], String(retryAfterMs));
    assert.equal(headers['x-ratelimit-remaining-requests'], '59');
    assert.equal(headers['x-should-retry'], undefined);
  }
});

test('tells a request that can never fit not to come again', () => {
  const refusal: Refusal = { admitted: false, limit: 'tokens', scope: 'account', headroom: { tokens }, never: true };
  const headers = renderRefusal(refusal);
  assert.equal(headers['x-should-retry'], 'false');
  assert.equal(headers['retry-after'], undefined);
  assert.equal(headers['retry-after-ms'], undefined);
  assert.equal(headers['x-ratelimit-limit-tokens'], '150000');
});
