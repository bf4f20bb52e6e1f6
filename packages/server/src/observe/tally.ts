/** A count that prom-client hears of when somebody asks: telling it at once costs more than the rest of counting. */
import type { Counter } from 'prom-client';

export class Tally {
  readonly #counter: Counter.Internal;
  #untold = 0;

  constructor(counter: Counter.Internal) {
    this.#counter = counter;
  }

  /** Adds so many, which may be none. */
  add(amount: number): void {
    this.#untold += amount;
  }

  /** Tells the counter. */
  tell(): void {
    this.#counter.inc(this.#untold);
    this.#untold = 0;
  }
}
