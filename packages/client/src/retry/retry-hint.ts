/** What the headers of an answer say about trying again. */

export interface RetryHint {
  /** How long to wait, in ms, whatever its size; undefined when nothing is said. */
  readonly retryAfterMs?: number;
  /** `x-should-retry`: the endpoint's own verdict, which wins over the status. */
  readonly shouldRetry?: boolean;
}

/**
 * Reads `retry-after-ms`, `Retry-After` (seconds or a date, RFC 9110 section 10.2.3) and `x-should-retry`. What cannot be
 * read is passed over.
 *
 * @param nowMs For dates.
 */
export function readRetryHint(headers: Headers, nowMs: number): RetryHint {
  const verdict = headers.get('x-should-retry');
  const retryAfterMs =
    readMilliseconds(headers.get('retry-after-ms')) ?? readRetryAfter(headers.get('retry-after'), nowMs);
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(verdict === 'true' || verdict === 'false' ? { shouldRetry: verdict === 'true' } : {}),
  };
}

function readMilliseconds(value: string | null): number | undefined {
  return value !== null && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const seconds = readMilliseconds(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
