/** The one place where time comes from, so that tests can bring their own. */

/** Tells the time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The clock of the machine; it can be set back, so durations measured with it may be negative. */
export const systemClock: Clock = { now: () => Date.now() };

/** The clock of the machine in finer steps, which never goes back: what a faster clock is made of. */
export const fineClock: Clock = { now: () => performance.timeOrigin + performance.now() };

/** Goes faster than another clock, from the moment it is made; tells whole milliseconds, as that of the machine does. */
export class ScaledClock implements Clock {
  readonly #clock: Clock;
  readonly #scale: number;
  readonly #startedAt: number;

  /** @param scale How many of its milliseconds pass in one of the other clock; above 0. */
  constructor(clock: Clock, scale: number) {
    this.#clock = clock;
    this.#scale = scale;
    this.#startedAt = clock.now();
  }

  now(): number {
    return Math.floor(this.#startedAt + (this.#clock.now() - this.#startedAt) * this.#scale);
  }
}
