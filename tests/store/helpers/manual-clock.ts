/** A clock that stands still until the test moves it. */
import type { Clock } from '#server/observe/clock.js';

export class ManualClock implements Clock {
  #now: number;

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}
