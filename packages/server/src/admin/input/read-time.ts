/** Times as operators write them: a day of UTC, or a time with its zone. */
import { invalid } from './read-fields.js';

const DAY = /^(\d{4}-\d\d-\d\d)$/;
const TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * The epoch ms of `2026-11-25` (its first moment in UTC) or `2026-11-25T12:00:00Z`. Throws an AdministrationError
 * `invalid` that calls the time by `name`.
 */
export function readTime(text: string, name: string): number {
  const [, day] = DAY.exec(text) ?? TIME.exec(text) ?? [];
  const at = day === undefined || !isDay(day) ? Number.NaN : Date.parse(text);
  if (Number.isNaN(at)) {
    throw invalid(
      `\`${name}\` must be a day such as 2026-11-25 or a time such as 2026-11-25T12:00:00Z, not "${text.slice(0, 40)}".`,
    );
  }
  return at;
}

/** JavaScript takes February 30 for a day in March. */
function isDay(day: string): boolean {
  const at = Date.parse(day);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

/** A time as answers write it. */
export function writeTime(at: number): string {
  return new Date(at).toISOString();
}
