/** What headers say about limits, in every dialect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readDelay, readDuration } from '#client/limiter/durations.js';
import { type HeaderLimits, readLimitHeaders } from '#client/limiter/headers.js';
import { renderHeadroom } from '#server/limits/headers.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

const DIALECTS: readonly (readonly [name: string, headers: Record<string, string>, read: HeaderLimits])[] = [
  [
    'OpenAI',
    {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6ms',
      'openai-processing-ms': '412',
    },
    {
      requests: { limit: 60, remaining: 59, resetMs: 1000 },
      tokens: { limit: 150_000, remaining: 149_984, resetMs: 6 },
      processingMs: 412,
    },
  ],
  [
    'Azure, which says less',
    { 'x-ratelimit-remaining-requests': '9', 'x-ratelimit-remaining-tokens': '900' },
    { requests: { remaining: 9 }, tokens: { remaining: 900 } },
  ],
  [
    'Anthropic',
    {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z',
      'anthropic-ratelimit-tokens-limit': '40000',
      'anthropic-ratelimit-tokens-remaining': '39000',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:02Z',
    },
    {
      requests: { limit: 50, remaining: 49, resetMs: 30_000 },
      tokens: { limit: 40_000, remaining: 39_000, resetMs: 2000 },
    },
  ],
  [
    'limits of a day beside those of a minute',
    {
      'x-ratelimit-limit-requests-day': '900',
      'x-ratelimit-limit-tokens-minute': '60000',
      'x-ratelimit-reset-tokens-minute': '13.5',
    },
    { tokens: { limit: 60_000, resetMs: 13_500 } },
  ],
  [
    'a limit of a day under the name of one of a minute',
    {
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-remaining-requests': '14370',
      'x-ratelimit-reset-requests': '2m59.56s',
    },
    {},
  ],
  [
    'names without an axis, with a moment',
    { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(NOW + 5000) },
    { requests: { limit: 20, remaining: 3, resetMs: 5000 } },
  ],
  [
    'the draft, first edition',
    { 'ratelimit-limit': '100, 100;w=60', 'ratelimit-remaining': '50', 'ratelimit-reset': '30' },
    { requests: { limit: 100, remaining: 50, resetMs: 30_000 } },
  ],
  [
    'the draft, in one header',
    { ratelimit: 'limit=100, remaining=50, reset=30' },
    { requests: { limit: 100, remaining: 50, resetMs: 30_000 } },
  ],
  [
    'the draft, with policies',
    {
      ratelimit: '"requests";r=50;t=30, "tokens";r=900;t=12',
      'ratelimit-policy': '"requests";q=100;w=60,"tokens";q=1000;w=60',
    },
    {
      requests: { limit: 100, remaining: 50, resetMs: 30_000 },
      tokens: { limit: 1000, remaining: 900, resetMs: 12_000 },
    },
  ],
  ['the draft, of an hour', { ratelimit: '"hour";r=50;t=30', 'ratelimit-policy': '"hour";q=100;w=3600' }, {}],
  ['nothing', { 'content-type': 'application/json' }, {}],
];

for (const [name, headers, expected] of DIALECTS) {
  test(`reads the headers of ${name}`, () => {
    assert.deepEqual(readLimitHeaders(new Headers(headers), NOW), expected);
  });
}

test('reads what our own server writes', () => {
  const gauge = { limit: 300, remaining: 299, resetMs: 60_000 };
  const written = renderHeadroom({ requests: gauge, tokens: { limit: 5000, remaining: 17, resetMs: 8640 } });
  assert.deepEqual(readLimitHeaders(new Headers(written), NOW), {
    requests: gauge,
    tokens: { limit: 5000, remaining: 17, resetMs: 8640 },
  });
});

test('reads durations in all the ways in which they are written, and nothing else', () => {
  const texts = [
    '1m2.5s',
    '120ms',
    '6m0s',
    '1h0m0s',
    '12',
    '12.5',
    '0s',
    '1d',
    ' 3s ',
    '-1',
    '1x',
    '',
    's',
    '1e9',
    'NaN',
  ];
  const read = [62_500, 120, 360_000, 3_600_000, 12_000, 12_500, 0, 86_400_000, 3000, ...Array(6).fill(undefined)];
  assert.deepEqual(texts.map(readDuration), read);
});

test('reads moments as the time until then, never less than none', () => {
  const texts = [
    '2026-01-01T00:00:02.5Z',
    'Thu, 01 Jan 2026 00:00:07 GMT',
    String(NOW / 1000 + 3),
    '2020-01-01T00:00:00Z',
  ];
  assert.deepEqual(
    texts.map((text) => readDelay(text, NOW)),
    [2500, 7000, 3000, 0],
  );
});

test('reads any headers without throwing, and only whole numbers that are not negative', () => {
  const names = [...DIALECTS.flatMap(([, headers]) => Object.keys(headers))];
  const value = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.stringMatching(/^[-0-9a-z.,;="]{0,40}$/));
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (record) => {
      const headers = new Headers();
      for (const [name, text] of Object.entries(record)) if (/^[\x20-\x7e]*$/.test(text)) headers.set(name, text);
      const { requests = {}, tokens = {} } = readLimitHeaders(headers, NOW);
      for (const number of [...Object.values(requests), ...Object.values(tokens)]) assert.ok(number >= 0);
    }),
    { numRuns: 2000 },
  );
});
