/** Tells those that have waited too long for an operation of the ledger; the operation itself stays where it is. */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { Waiting } from './waiting-operations.js';

export interface LateWatchOptions {
  /** The clock that the timers follow. */
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long anybody waits, in ms. */
  readonly timeoutMs: number;
}

export class LateWatch {
  readonly #options: LateWatchOptions;
  readonly #waiting: () => readonly Waiting[];
  /** One timer for all that wait; it is set for the first of them, and found in vain when that is done. */
  #cancelLook: (() => void) | undefined;

  constructor(options: LateWatchOptions, waiting: () => readonly Waiting[]) {
    this.#options = options;
    this.#waiting = waiting;
  }

  /** Somebody has begun to wait. */
  begin(): void {
    this.#cancelLook ??= this.#options.timers.after(this.#options.timeoutMs, () => this.#look());
  }

  /** Nobody waits any more. */
  end(): void {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  #look(): void {
    this.#cancelLook = undefined;
    const { clock, timers, timeoutMs } = this.#options;
    const now = clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting()) {
      const { waiter } = waiting;
      if (waiter === undefined) continue;
      if (waiter.lateAt > now) nextAt = Math.min(nextAt, waiter.lateAt);
      else {
        waiting.waiter = undefined;
        waiter.reject(new Error(`It took longer than ${timeoutMs} ms.`));
      }
    }
    if (nextAt < Number.POSITIVE_INFINITY) this.#cancelLook = timers.after(nextAt - now, () => this.#look());
  }
}
