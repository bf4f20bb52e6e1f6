/** When a key expires, as the command line says it: a time, or how long from now. */

const UNITS_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** A century: more is a mistake, and would soon be no time at all. */
const DURATION_MS_MAX = 36_525 * 86_400_000;

/** `30d` (m, h, d or w) from `now` (epoch ms) as a time in ISO 8601; anything else as it is, to be read as a time. */
export function readExpiry(text: string, now: number): string {
  const [, count, unit] = /^(\d{1,9})([mhdw])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return text;
  const duration = Math.min(Number(count) * (UNITS_MS[unit] ?? 0), DURATION_MS_MAX);
  return new Date(now + duration).toISOString();
}
