/** The one place where time comes from, so that tests can bring their own. */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The clock of the machine; it can be set back, so durations measured with it may be negative. */
export const systemClock: Clock = { now: () => Date.now() };
