/** Reads the ways in which endpoints write how long something takes, or when it ends. */

/** Longer texts are no times. */
const TEXT_MAX = 64;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Numbers above these are no durations but times since the epoch, in seconds or in ms. */
const EPOCH_S_MIN = 1e9;
const EPOCH_MS_MIN = 1e12;
/** Nothing takes longer, in ms: a year. */
const DURATION_MAX_MS = 365 * 86_400_000;

/**
 * `1m2.5s`, `120ms`, `6m0s`, `12` and `12.5` (seconds), as ms; undefined for anything else.
 */
export function readDuration(text: string): number | undefined {
  if (text.length > TEXT_MAX) return undefined;
  const trimmed = text.trim();
  if (/^\d+(?:\.\d+)?$/.test(trimmed)) return limitDuration(Number(trimmed) * 1000);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]) ?)+$/.test(trimmed)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    sum += Number(amount) * UNITS_MS[unit!]!;
  return limitDuration(sum);
}

/**
 * A duration, or the time until a moment: seconds or ms since the epoch, RFC 3339, or a date of HTTP. Never negative.
 *
 * @param now In ms since the epoch; without it moments are not read.
 */
export function readDelay(text: string, now: number | undefined): number | undefined {
  if (text.length > TEXT_MAX) return undefined;
  const moment = readMoment(text.trim());
  if (moment === undefined) return readDuration(text);
  return now === undefined ? undefined : limitDuration(Math.max(0, moment - now));
}

function readMoment(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const value = Number(text);
    if (value >= EPOCH_MS_MIN) return value;
    return value >= EPOCH_S_MIN ? value * 1000 : undefined;
  }
  if (!/^\d{4}-\d\d-\d\d[T ]|^[A-Z][a-z]{2},? /.test(text)) return undefined;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}

function limitDuration(durationMs: number): number | undefined {
  return Number.isFinite(durationMs) ? Math.min(durationMs, DURATION_MAX_MS) : undefined;
}
