/** One timer for many chunks: calls when nothing has been heard for too long. */
import type { Clock } from '../time/clock.js';

export class Watchdog {
  readonly #clock: Clock;
  readonly #expire: (message: string) => void;
  #heardAt: number;
  #limitMs = Number.POSITIVE_INFINITY;
  #message = '';
  #cancel: (() => void) | undefined;

  /** @param expire Called once with the message of the limit that was passed. */
  constructor(clock: Clock, expire: (message: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
    this.#heardAt = clock.now();
  }

  /** Begins to wait, from now on, for at most `limitMs`; replaces the limit before it. */
  expect(limitMs: number, message: string): void {
    this.#cancel?.();
    this.#limitMs = limitMs;
    this.#message = message;
    this.#heardAt = this.#clock.now();
    this.#arm(limitMs);
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delayMs: number): void {
    if (!Number.isFinite(delayMs)) return;
    this.#cancel = this.#clock.after(delayMs, () => {
      const left = this.#heardAt + this.#limitMs - this.#clock.now();
      if (left > 0) this.#arm(left);
      else this.#expire(this.#message);
    });
  }
}
