/**
 * A clock for the toolkit whose waits are over at once: time jumps to where each ends, and the waits are noted. Limits of
 * time (`limitsFromMs` and longer) pass only when a test says so.
 */
import type { Clock } from '#client/index.js';

export class SkippingClock implements Clock {
  /** The waits that were skipped, in ms. */
  readonly waits: number[] = [];
  readonly #limitsFromMs: number;
  #now = 1_000_000;
  readonly #limits = new Set<{ readonly at: number; readonly call: () => void }>();

  constructor(limitsFromMs = 100_000) {
    this.#limitsFromMs = limitsFromMs;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#now + delayMs, call };
    if (delayMs >= this.#limitsFromMs) {
      this.#limits.add(timer);
      return () => this.#limits.delete(timer);
    }
    const immediate = setImmediate(() => {
      this.waits.push(delayMs);
      this.#now = Math.max(this.#now, timer.at);
      call();
    });
    return () => clearImmediate(immediate);
  }

  /** How many limits of time are running. */
  get limits(): number {
    return this.#limits.size;
  }

  /** Lets time pass, with the limits that end in it. */
  advance(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#limits].sort((first, second) => first.at - second.at)) {
      if (timer.at > this.#now || !this.#limits.delete(timer)) continue;
      timer.call();
    }
  }
}
