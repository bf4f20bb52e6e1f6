/**
 * When generations hand on what they have: after all that a connection had for them has been read, and before anything
 * else happens. What came together then goes on together, a connection is free again before the next request is given to
 * one, and nobody is called back from inside a call of his own.
 */

/** What has something to hand on. */
export interface Delivering {
  /** Is called once for each time that it was added. */
  deliver(): void;
}

export class Deliveries {
  readonly #due: Delivering[] = [];
  /** In place of queueMicrotask, which makes an AsyncResource and binds a function each time. */
  readonly #soon = Promise.resolve();

  /** Lets it deliver in a microtask, after those that were added before. */
  add(delivering: Delivering): void {
    this.#due.push(delivering);
    if (this.#due.length === 1) void this.#soon.then(this.#deliverAll);
  }

  readonly #deliverAll = (): void => {
    let count = 0;
    try {
      // More may be added meanwhile.
      while (count < this.#due.length) this.#due[count++]?.deliver();
    } finally {
      if (count === this.#due.length) this.#due.length = 0;
      else {
        this.#due.splice(0, count);
        void this.#soon.then(this.#deliverAll);
      }
    }
  };
}
