/** Says what the limiter decided in response headers, in the names and formats that OpenAI's clients read. */
import { type Gauge, type Headroom, type Refusal, WINDOW_MS } from './limiter.js';

/** Header names to values. */
export type LimitHeaders = Record<string, string>;

/** `x-ratelimit-*` for every answer, success or error; nothing for an axis that is not limited. */
export function renderHeadroom({ requests, tokens }: Headroom): LimitHeaders {
  const headers: LimitHeaders = {};
  if (requests !== undefined) writeGauge(headers, requests, REQUESTS_NAMES);
  if (tokens !== undefined) writeGauge(headers, tokens, TOKENS_NAMES);
  return headers;
}

/**
 * All headers of a 429: those of `renderHeadroom`, and either when to come again (`retry-after` in whole seconds, rounded
 * up, RFC 9110 section 10.2.3; `retry-after-ms` for the clients that know it) or that it is no use (`x-should-retry`).
 */
export function renderRefusal(refusal: Refusal): LimitHeaders {
  const headers = renderHeadroom(refusal.headroom);
  if (refusal.never) return { ...headers, 'x-should-retry': 'false' };
  return {
    ...headers,
    'retry-after': String(Math.ceil(refusal.retryAfterMs / 1000)),
    'retry-after-ms': String(refusal.retryAfterMs),
  };
}

type GaugeNames = Readonly<Record<keyof Gauge, string>>;

const REQUESTS_NAMES = namesOf('requests');
const TOKENS_NAMES = namesOf('tokens');

function namesOf(axis: 'requests' | 'tokens'): GaugeNames {
  return {
    limit: `x-ratelimit-limit-${axis}`,
    remaining: `x-ratelimit-remaining-${axis}`,
    resetMs: `x-ratelimit-reset-${axis}`,
  };
}

function writeGauge(headers: LimitHeaders, { limit, remaining, resetMs }: Gauge, names: GaugeNames): void {
  headers[names.limit] = String(limit);
  headers[names.remaining] = String(remaining);
  headers[names.resetMs] = formatDuration(resetMs);
}

/**
 * Whole milliseconds as Go writes durations, which is how OpenAI writes them: `120ms`, `1s`, `8.64s`, `6m0s`, `1h0m0s`,
 * and `0s` for none.
 */
export function formatDuration(durationMs: number): string {
  // What was taken just now is there again after a whole window: so it is for whoever was admitted.
  if (durationMs === WINDOW_MS) return '1m0s';
  if (durationMs > 0 && durationMs < 1000) return `${durationMs}ms`;
  const hours = Math.floor(durationMs / 3_600_000);
  const minutes = Math.floor(durationMs / 60_000) % 60;
  const seconds = `${(durationMs % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
