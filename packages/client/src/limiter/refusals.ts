/** Reads why an endpoint refused: its headers, and the sentences that endpoints write into the bodies of 429 answers. */
import { readDelay, readDuration } from './durations.js';
import { type HeaderLimits, readLimitHeaders } from './headers.js';
import type { Axis, Refusal } from './limiter.js';

/** No sentence about limits comes later in a body. */
const BODY_LENGTH_MAX = 16_384;

const NUMBER = '(\\d[\\d,]{0,14})';
/** How each axis is named, in lower case. */
const NAMES: readonly (readonly [Axis, RegExp])[] = [
  ['concurrency', /concurren|simultaneous|parallel requests|requests at the same time|in-flight requests|并发/],
  [
    'tokens',
    /tokens? per[ -](?:min|day|hour)|\btp[md]\b|tokens?[ -](?:rate|usage)[ -]limit|token limit|(?:input|output|request|prompt) tokens (?:has|have|per)|token quota/,
  ],
  [
    'requests',
    /(?:requests?|queries|calls) per[ -](?:min|day|hour|second)|\brp[mds]\b|\bqp[ms]\b|call rate limit|requests?[ -]rate[ -]limit|max requests?\b|number of requests/,
  ],
];
/** Where the number of the limit stands. Bounds on all repetitions keep the search linear. */
const LIMITS: readonly (readonly [Axis, RegExp])[] = [
  ['concurrency', new RegExp(`concurrency limit (?:of|is|:) ?${NUMBER}`)],
  ['concurrency', new RegExp(`max concurrency: ?${NUMBER}`)],
  ['concurrency', new RegExp(`limit (?:of|is) ${NUMBER} concurrent`)],
  ['concurrency', new RegExp(`(?:reached for|limit of) ${NUMBER} requests at the same time`)],
  ['tokens', new RegExp(`(?:reached for|limit of) ${NUMBER} tokens per minute`)],
  ['tokens', new RegExp(`per min(?:ute)? \\(tpm\\): limit:? ?${NUMBER}`)],
  ['tokens', new RegExp(`max tpm: ?${NUMBER}`)],
  ['requests', new RegExp(`(?:reached for|limit of) ${NUMBER} requests per minute`)],
  ['requests', new RegExp(`per min(?:ute)? \\(rpm\\): limit:? ?${NUMBER}`)],
  ['requests', new RegExp(`max rpm: ?${NUMBER}`)],
];
const RETRY_TEXT =
  /(?:try again|retry)(?: your request)? (?:in|after) (\d{1,9}(?:\.\d{1,9})?) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h)(?: ?(\d{1,9}(?:\.\d{1,9})?) ?s)?(?![a-z])/;
const RETRY_DELAY = /"retrydelay": ?"(\d{1,9}(?:\.\d{1,9})?)s"/;

/**
 * Reads a refusal. When a limit is full again (`x-ratelimit-reset-*`) is no hint: with rolling windows and buckets there is
 * room up to a minute before, and whoever waits for it loses that minute. Never throws, whatever it is given, and takes time in proportion to the length of the body at most.
 *
 * @param now In ms since the epoch, for hints that are moments and answers that have no `date`.
 */
export function readRefusal(status: number, headers: Headers, bodyText: string, now?: number): Refusal {
  const text = bodyText.slice(0, BODY_LENGTH_MAX).toLowerCase();
  const answeredAt = readDate(headers) ?? now;
  const stated = readLimitHeaders(headers, answeredAt ?? 0);
  const axis = readAxis(headers, text, stated);
  const limit = axis === undefined ? undefined : readLimit(axis, text);
  const retryAfterMs = readRetryAfter(headers, text, answeredAt);
  return {
    ...(axis !== undefined && status !== 503 && { axis }),
    ...(limit !== undefined && { limit }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

/** The date of the answer: hints that are dates are relative to the clock that wrote both. */
function readDate(headers: Headers): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

function readAxis(headers: Headers, text: string, { requests, tokens }: HeaderLimits): Axis | undefined {
  const refusedBy = headers.get('x-ratelimit-refused-by');
  if (refusedBy === 'requests' || refusedBy === 'tokens' || refusedBy === 'concurrency') return refusedBy;
  const named = NAMES.filter(([, pattern]) => pattern.test(text)).map(([axis]) => axis);
  if (named[0] === 'concurrency' || named.length === 1) return named[0];
  if (requests?.remaining === 0 && tokens?.remaining !== 0) return 'requests';
  return tokens?.remaining === 0 && requests?.remaining !== 0 ? 'tokens' : undefined;
}

function readLimit(axis: Axis, text: string): number | undefined {
  for (const [about, pattern] of LIMITS) {
    const digits = about === axis ? pattern.exec(text)?.[1] : undefined;
    if (digits !== undefined) return Number(digits.replaceAll(',', ''));
  }
  return undefined;
}

function readRetryAfter(headers: Headers, text: string, now: number | undefined): number | undefined {
  const exact = headers.get('retry-after-ms');
  if (exact !== null && /^\d{1,12}(?:\.\d{1,9})?$/.test(exact)) return Number(exact);
  return readDelay(headers.get('retry-after') ?? '', now) ?? readRetryText(text);
}

function readRetryText(text: string): number | undefined {
  const delay = RETRY_DELAY.exec(text)?.[1];
  if (delay !== undefined) return readDuration(`${delay}s`);
  const [, amount, unit = '', seconds] = RETRY_TEXT.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const letter = unit.startsWith('ms') || unit.startsWith('mil') ? 'ms' : unit[0];
  return readDuration(`${amount}${letter}${seconds === undefined ? '' : `${seconds}s`}`);
}
