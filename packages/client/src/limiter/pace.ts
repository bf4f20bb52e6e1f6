/** Spreads requests evenly over the window, for endpoints that cut the minute into seconds. */
import type { Need, Outlook } from './booking.js';
import { amountOf } from './room.js';
import { type Rate, WINDOW_MS } from './window.js';

export class Pace {
  readonly #isSmooth: boolean;
  readonly #limitOf: (rate: Rate) => number;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(isSmooth: boolean, limitOf: (rate: Rate) => number) {
    this.#isSmooth = isSmooth;
    this.#limitOf = limitOf;
  }

  /** An outlook that is no earlier than the pace allows. */
  slow(outlook: Outlook, need: Need): Outlook {
    if (!this.#isSmooth || this.#nextAt <= outlook.at) return outlook;
    return {
      at: this.#nextAt,
      axis: this.#shareOf('tokens', need) > this.#shareOf('requests', need) ? 'tokens' : 'requests',
    };
  }

  /** A request leaves: the next one does so after its share of the window. */
  pass(need: Need, now: number): void {
    if (!this.#isSmooth) return;
    const share = Math.max(this.#shareOf('requests', need), this.#shareOf('tokens', need));
    this.#nextAt = Math.max(this.#nextAt, now) + WINDOW_MS * share;
  }

  #shareOf(rate: Rate, need: Need): number {
    return amountOf(rate, need) / this.#limitOf(rate);
  }
}
