/** When peak prices hold: hours of the day on days of the week, in UTC, public holidays left out. */

const MINUTES_PER_DAY = 24 * 60;
const MINUTE_MS = 60_000;

/** The days of the week as the configuration writes them, from the day that JavaScript counts as 0. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

export type Weekday = (typeof WEEKDAYS)[number];

export interface PeakHoursSettings {
  /** Spans such as `01:00-04:00`: from the first minute on, up to the last one, which is not part of it. */
  readonly hours: readonly string[];
  readonly days: readonly Weekday[];
  /** Days such as `2026-10-01` that have none. */
  readonly except: readonly string[];
}

/** The form of a span, for schemas: it may end at 24:00 and must not pass midnight. */
export const HOURS_PATTERN = '^([01]\\d|2[0-3]):[0-5]\\d-(([01]\\d|2[0-3]):[0-5]\\d|24:00)$';

/** The form of a day, for schemas. */
export const DAY_PATTERN = '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$';

export class PeakHours {
  readonly #spans: readonly (readonly [from: number, to: number])[];
  readonly #days: ReadonlySet<string>;
  readonly #except: ReadonlySet<string>;

  constructor({ hours, days, except }: PeakHoursSettings) {
    this.#spans = hours.map(readSpan);
    this.#days = new Set(days);
    this.#except = new Set(except);
  }

  /** Whether a time (epoch ms) is part of them. */
  includes(at: number): boolean {
    if (this.#spans.length === 0) return false;
    const minute = Math.floor(at / MINUTE_MS) % MINUTES_PER_DAY;
    if (!this.#spans.some(([from, to]) => from <= minute && minute < to)) return false;
    const date = new Date(at);
    return this.#days.has(WEEKDAYS[date.getUTCDay()]!) && !this.#except.has(date.toISOString().slice(0, 10));
  }
}

/**
 * What is wrong with settings of the right form, as a sentence without a full stop that names the entry: a span that ends
 * before it begins, or a day that no calendar has. Undefined when nothing is.
 */
export function findPeakHoursProblem({ hours, except }: PeakHoursSettings): string | undefined {
  const backward = hours.find((span) => readSpan(span)[0] >= readSpan(span)[1]);
  if (backward !== undefined)
    return `\`${backward}\` ends before it begins; past midnight write two spans, up to 24:00 and from 00:00`;
  const missing = except.find((day) => !isDay(day));
  return missing === undefined ? undefined : `\`${missing}\` is a day that no calendar has`;
}

/** JavaScript takes the 30th of February for a day in March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

function readSpan(span: string): readonly [number, number] {
  const [from = 0, to = 0] = span.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return hours * 60 + minutes;
  });
  return [from, to];
}
