/** How many requests are played for how many that are planned: a smaller endpoint with fewer requests takes as long. */
import type { Limits } from '../limiter/limiter.js';
import type { BrakeRate } from './throughput.js';

export interface Scale {
  /** Requests that are played. */
  readonly requests: number;
  /** Each of them stands for so many, and the limits are so many times smaller. */
  readonly factor: number;
  /** Requests of the smaller endpoint, of which `requests` are the first; the others go on as those did. */
  readonly scaledRequests: number;
}

/** Requests that are played at most in one run. */
const REQUESTS_MAX = 3000;
/** What the limits are not made smaller than: below, single requests would be too large a part of them. */
const REQUESTS_PER_MINUTE_MIN = 100;
const CONCURRENCY_MIN = 50;
const REQUESTS_OF_TOKENS_MIN = 100;

/**
 * @param largeTokens What a large request needs.
 * @param binding The limit that binds, which stays a whole number.
 */
export function chooseScale(
  requests: number,
  limits: Limits,
  { largeTokens, binding }: { readonly largeTokens: number; readonly binding: BrakeRate | undefined },
): Scale {
  const { requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY } = limits;
  const wanted = Math.min(
    requests / REQUESTS_MAX,
    requestsPerMinute / REQUESTS_PER_MINUTE_MIN,
    tokensPerMinute / (largeTokens * REQUESTS_OF_TOKENS_MIN),
    (limits.concurrency ?? Number.POSITIVE_INFINITY) / CONCURRENCY_MIN,
  );
  if (wanted <= 1) return { requests: Math.min(requests, REQUESTS_MAX), factor: 1, scaledRequests: requests };
  const factor = binding === undefined ? wanted : binding.limit / Math.round(binding.limit / wanted);
  const scaledRequests = Math.max(1, Math.round(requests / factor));
  return { requests: Math.min(scaledRequests, REQUESTS_MAX), factor, scaledRequests };
}

/** The limits of an endpoint that is so many times smaller. */
export function scaleLimits(limits: Limits, factor: number): Limits {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [
      name,
      Number.isFinite(limit) ? Math.max(1, Math.round(limit / factor)) : limit,
    ]),
  );
}
