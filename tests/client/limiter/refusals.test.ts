/** What refusals say, in the words of many endpoints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Refusal } from '#client/limiter/limiter.js';
import { readRefusal } from '#client/limiter/refusals.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

const BODIES: readonly (readonly [text: string, refusal: Refusal])[] = [
  [
    'Your current concurrency is 40, which exceeds your concurrency limit of 39 based on your remaining balance',
    { axis: 'concurrency', limit: 39 },
  ],
  ['Rate limit reached for TPM', { axis: 'tokens' }],
  [
    'Rate limit reached for 50000 tokens per minute of this account for this model. This request may take 5210. Try again in 12.9 s.',
    { axis: 'tokens', limit: 50_000, retryAfterMs: 12_900 },
  ],
  [
    'Rate limit reached for 300 requests per minute of this key. Try again in 0.4 s.',
    { axis: 'requests', limit: 300, retryAfterMs: 400 },
  ],
  [
    'Too many requests. The concurrency limit of 20 of this account is reached. Try again when a running request has ended.',
    { axis: 'concurrency', limit: 20 },
  ],
  [
    'Rate limit reached for gpt-4 in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s.',
    { axis: 'requests', limit: 3, retryAfterMs: 20_000 },
  ],
  [
    'Rate limit reached for gpt-4 on tokens per min (TPM): Limit 10,000, Used 9500, Requested 1000. Please try again in 3.2s.',
    { axis: 'tokens', limit: 10_000, retryAfterMs: 3200 },
  ],
  [
    'Rate limit reached on requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s.',
    { axis: 'requests', retryAfterMs: 432_000 },
  ],
  [
    'Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 250ms.',
    { axis: 'tokens', limit: 30_000, retryAfterMs: 250 },
  ],
  [
    'Requests to the ChatCompletions_Create Operation have exceeded token rate limit of your current pricing tier. Please retry after 6 seconds.',
    { axis: 'tokens', retryAfterMs: 6000 },
  ],
  [
    'Requests to the ChatCompletions_Create Operation have exceeded call rate limit of your current pricing tier. Please retry after 1 second.',
    { axis: 'requests', retryAfterMs: 1000 },
  ],
  ['This request would exceed your organization’s rate limit of 40,000 input tokens per minute', { axis: 'tokens' }],
  ['Number of concurrent connections has exceeded your rate limit', { axis: 'concurrency' }],
  ['Number of request tokens has exceeded your per-minute rate limit', { axis: 'tokens' }],
  [
    'Your account reached max request: request reached organization max concurrency: 1, current: 2, please try again after 1 seconds',
    { axis: 'concurrency', limit: 1, retryAfterMs: 1000 },
  ],
  [
    'request reached organization max RPM: 3, current: 4, please try again after 1 seconds',
    { axis: 'requests', limit: 3, retryAfterMs: 1000 },
  ],
  ['Request was rejected due to rate limiting. Details:RPM limit reached', { axis: 'requests' }],
  ['{"error":{"details":[{"retryDelay":"34.07s"}]}}', { retryAfterMs: 34_070 }],
  ['The maximum rate limit for this model is 6.0 queries per minute and 120000 tokens per minute', {}],
  ['您的账户并发数已达上限', { axis: 'concurrency' }],
  ['Too many requests', {}],
  ['', {}],
];

for (const [text, expected] of BODIES) {
  test(`reads the body "${text.slice(0, 70)}"`, () => {
    assert.deepEqual(readRefusal(429, new Headers(), text, NOW), expected);
  });
}

const HEADERS: readonly (readonly [what: string, headers: Record<string, string>, refusal: Refusal])[] = [
  ['seconds', { 'retry-after': '13' }, { retryAfterMs: 13_000 }],
  ['milliseconds rather than seconds', { 'retry-after': '13', 'retry-after-ms': '12840' }, { retryAfterMs: 12_840 }],
  [
    'a date, by the clock of the endpoint',
    { 'retry-after': 'Thu, 01 Jan 2026 09:00:07 GMT', date: 'Thu, 01 Jan 2026 09:00:00 GMT' },
    { retryAfterMs: 7000 },
  ],
  ['a date, by ours', { 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }, { retryAfterMs: 7000 }],
  ['the axis', { 'x-ratelimit-refused-by': 'tokens', 'retry-after-ms': '5' }, { axis: 'tokens', retryAfterMs: 5 }],
  [
    'the axis with nothing left, but not when it is full again',
    { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '8s', 'x-ratelimit-remaining-tokens': '70' },
    { axis: 'requests' },
  ],
  [
    'no time to wait as long as something is left',
    { 'x-ratelimit-remaining-requests': '7', 'x-ratelimit-reset-requests': '8s' },
    {},
  ],
  ['nothing from nonsense', { 'retry-after': 'soon', 'retry-after-ms': '-3' }, {}],
];

for (const [what, headers, expected] of HEADERS) {
  test(`reads ${what} from the headers of a refusal`, () => {
    assert.deepEqual(readRefusal(429, new Headers(headers), '', NOW), expected);
  });
}

test('reads any body without throwing', () => {
  const words = fc.constantFrom(
    'limit',
    'of',
    'concurrency',
    'tokens per minute',
    'RPM',
    'try again in',
    '9'.repeat(30),
    '1,',
    'ms',
    ':',
    '"retryDelay": "',
  );
  const body = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words).map((parts) => parts.join(' ')),
    fc.json(),
  );
  fc.assert(
    fc.property(fc.integer(), body, (status, text) => {
      const { limit = 0, retryAfterMs = 0 } = readRefusal(status, new Headers(), text, NOW);
      assert.ok(Number.isFinite(limit) && Number.isFinite(retryAfterMs) && retryAfterMs >= 0);
    }),
    { numRuns: 3000 },
  );
});

test('reads a body of megabytes that is all but a sentence in no time', () => {
  const hostile = ['concurrency limit of ', 'try again in 1', 'limit ', '1,', ' ', '{"retrydelay": "', 'requests per '];
  const startedAt = performance.now();
  for (const part of hostile) readRefusal(429, new Headers(), part.repeat(1_000_000), NOW);
  // A search that is not linear takes minutes.
  assert.ok(performance.now() - startedAt < 5000);
});
