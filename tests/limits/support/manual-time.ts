/** A clock and timers that stand still until a test moves them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Timers } from '#server/limits/index.js';

interface Timer {
  readonly at: number;
  readonly call: () => void;
}

export class ManualTime implements Timers {
  /** What the clock shows, in epoch ms; a test may set it to any time. Timers do not follow it. */
  reading: number;
  readonly #timers = new Set<Timer>();
  /** The time of the timers: the sum of all that has passed. */
  #passedMs = 0;

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.reading = start;
  }

  now(): number {
    return this.reading;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.#passedMs + delayMs, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: fires what is due, in order, and lets everything that it set going come to rest each time. */
  async pass(ms: number): Promise<void> {
    const end = this.#passedMs + ms;
    await settleDown();
    for (let next = this.#nextUntil(end); next !== undefined; next = this.#nextUntil(end)) {
      this.#timers.delete(next);
      this.#moveTo(next.at);
      next.call();
      await settleDown();
    }
    this.#moveTo(end);
  }

  #nextUntil(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0];
  }

  #moveTo(passedMs: number): void {
    this.reading += passedMs - this.#passedMs;
    this.#passedMs = passedMs;
  }
}

/** Lets promises that wait for nothing outside run on. */
export async function settleDown(): Promise<void> {
  await nextTurn();
}
