/** When an engine may be asked again, as its answer says it. */

/** Headers as they come from the connection, names in small letters. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The longest time that is believed, in ms: an hour. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/**
 * In ms from `now` (epoch ms), from `retry-after-ms` or `retry-after`, which is in seconds or an HTTP date (RFC 9110,
 * section 10.2.3). Undefined when neither says anything.
 */
export function readRetryAfter(headers: ResponseHeaders, now: number): number | undefined {
  const exact = readNumber(headers['retry-after-ms']);
  if (exact !== undefined) return within(exact);
  const seconds = readNumber(headers['retry-after']);
  if (seconds !== undefined) return within(seconds * 1000);
  const text = textOfHeader(headers['retry-after']);
  // Every form of a date begins with a day of the week; Date.parse takes more than dates.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : within(date - now);
}

/** The first value of a header, or an empty text. */
export function textOfHeader(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value)?.trim() ?? '';
}

function readNumber(value: string | string[] | undefined): number | undefined {
  const text = textOfHeader(value);
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function within(ms: number): number {
  return Math.min(RETRY_AFTER_MAX_MS, Math.max(0, Math.ceil(ms)));
}
