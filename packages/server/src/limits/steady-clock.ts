/**
 * The limiter's time: whole milliseconds since its beginning that never go back, whatever the clock of the machine does.
 * They are not those since the epoch because JavaScript keeps small integers (here those of the first 25 days) in place,
 * and has to fetch greater ones from elsewhere.
 */
import type { Clock } from '../observe/clock.js';

/**
 * Follows another clock forward. When that one is set back, time stands still for the moment and then goes on from where
 * it was, instead of standing until the old time is reached again: a clock that is put right by an hour must not keep
 * every window full for an hour.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  #reading: number;
  #time = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#reading = Math.floor(clock.now());
  }

  now(): number {
    const reading = Math.floor(this.#clock.now());
    this.#time += Math.max(0, reading - this.#reading);
    this.#reading = reading;
    return this.#time;
  }

  /** What `now` would say; has no effect on what it will say later, not even by having looked at the other clock. */
  peek(): number {
    return this.#time + Math.max(0, Math.floor(this.#clock.now()) - this.#reading);
  }
}
