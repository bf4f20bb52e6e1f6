/** Reads what the headers of an answer say about limits, in all the dialects that endpoints write. */
import { readDelay } from './durations.js';
import type { Rate } from './window.js';

/** One limit as headers show it. */
export interface HeaderLimit {
  readonly limit?: number;
  /** What can still be taken; the answered request counts as taken. */
  readonly remaining?: number;
  /** Until all of the limit is there again, in ms. It is no time to wait: room appears long before. */
  readonly resetMs?: number;
}

export interface HeaderLimits {
  readonly requests?: HeaderLimit;
  readonly tokens?: HeaderLimit;
  /** How long the endpoint says that it worked until the answer began, in ms. */
  readonly processingMs?: number;
}

/** The names of limit, remaining and reset, in the order in which they are looked for. */
const DIALECTS: Readonly<Record<Rate, readonly (readonly [limit: string, remaining: string, reset: string])[]>> = {
  requests: [
    ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'],
    ['x-ratelimit-limit-requests-minute', 'x-ratelimit-remaining-requests-minute', 'x-ratelimit-reset-requests-minute'],
    [
      'anthropic-ratelimit-requests-limit',
      'anthropic-ratelimit-requests-remaining',
      'anthropic-ratelimit-requests-reset',
    ],
    ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
    ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
  ],
  tokens: [
    ['x-ratelimit-limit-tokens', 'x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens'],
    ['x-ratelimit-limit-tokens-minute', 'x-ratelimit-remaining-tokens-minute', 'x-ratelimit-reset-tokens-minute'],
    ['anthropic-ratelimit-tokens-limit', 'anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset'],
  ],
};

const PROCESSING = ['openai-processing-ms', 'x-envoy-upstream-service-time'];
/** What takes longer to be full again is no limit of a minute but of a day or a month, under the same name; in ms. */
const RESET_MAX_MS = 61_000;
const HEADER_LENGTH_MAX = 1024;

/** @param now In ms since the epoch, for endpoints that say at what time a limit is full again. */
export function readLimitHeaders(headers: Headers, now: number): HeaderLimits {
  const requests = readRate('requests', headers, now) ?? readStructured('requests', headers);
  const tokens = readRate('tokens', headers, now) ?? readStructured('tokens', headers);
  const processingMs = PROCESSING.map((name) => readCount(headers.get(name))).find((value) => value !== undefined);
  return {
    ...(requests && { requests }),
    ...(tokens && { tokens }),
    ...(processingMs !== undefined && { processingMs }),
  };
}

function readRate(rate: Rate, headers: Headers, now: number): HeaderLimit | undefined {
  for (const [limitName, remainingName, resetName] of DIALECTS[rate]) {
    const limit = readCount(headers.get(limitName));
    const remaining = readCount(headers.get(remainingName));
    if (limit === undefined && remaining === undefined) continue;
    return minuteLimit(limit, remaining, readDelay(headers.get(resetName) ?? '', now));
  }
  return undefined;
}

function minuteLimit(limit?: number, remaining?: number, resetMs?: number): HeaderLimit | undefined {
  if (resetMs !== undefined && resetMs > RESET_MAX_MS) return undefined;
  return {
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(resetMs !== undefined && { resetMs }),
  };
}

/** A number, maybe followed by the list of policies that older drafts of `RateLimit-Limit` have: `100, 100;w=60`. */
function readCount(text: string | null): number | undefined {
  const [, digits] = /^\s?(\d{1,15})(?:\.\d{1,9})?\s?(?:[,;]|$)/.exec(text?.slice(0, HEADER_LENGTH_MAX) ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * `RateLimit: "name";r=50;t=30` with `RateLimit-Policy: "name";q=100;w=60`, and `RateLimit: limit=100, remaining=50,
 * reset=30` of older drafts (draft-ietf-httpapi-ratelimit-headers). A policy is about tokens if its name or its unit is.
 */
function readStructured(rate: Rate, headers: Headers): HeaderLimit | undefined {
  const state = headers.get('ratelimit')?.slice(0, HEADER_LENGTH_MAX);
  if (state === undefined) return undefined;
  if (/^\s?limit=/.test(state)) return rate === 'requests' ? readOlderDraft(state) : undefined;
  const policies = (headers.get('ratelimit-policy') ?? '').slice(0, HEADER_LENGTH_MAX).split(',');
  for (const item of state.split(',')) {
    const name = item.split(';')[0]!.trim();
    const policy = policies.find((candidate) => candidate.split(';')[0]!.trim() === name) ?? '';
    if (/token/i.test(`${name}${policy}`) !== (rate === 'tokens')) continue;
    if ((parameter(policy, 'w') ?? 60) !== 60) continue;
    return minuteLimit(parameter(policy, 'q'), parameter(item, 'r'), milliseconds(parameter(item, 't')));
  }
  return undefined;
}

function readOlderDraft(state: string): HeaderLimit | undefined {
  const fields = state.replaceAll(',', ';').replaceAll(' ', '');
  const named = `;${fields}`;
  return minuteLimit(parameter(named, 'limit'), parameter(named, 'remaining'), milliseconds(parameter(named, 'reset')));
}

function parameter(item: string, name: string): number | undefined {
  const [, digits] = new RegExp(`;\\s?${name}=(\\d{1,15})`).exec(item) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
