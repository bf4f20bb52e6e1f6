/** Lets time pass on the way of a request, as long as its client waits. */
import { ClientLeftError, type Outgoing } from '../http/exchange.js';
import type { Timers } from '../limits/timers.js';

export class Patience {
  readonly #timers: Timers;
  readonly #left = Promise.withResolvers<never>();
  #cancel: (() => void) | undefined;

  constructor(exchange: Pick<Outgoing, 'onClientLeft'>, timers: Timers) {
    this.#timers = timers;
    // Nobody may be waiting by then.
    this.#left.promise.catch(() => {});
    exchange.onClientLeft(() => {
      this.#cancel?.();
      this.#left.reject(new ClientLeftError());
    });
  }

  /** Resolves after so many seconds. Rejects with a ClientLeftError as soon as the client has gone. */
  wait(seconds: number): Promise<void> {
    const passed = new Promise<void>((resolve) => {
      this.#cancel = this.#timers.after(seconds * 1000, resolve);
    });
    return Promise.race([passed, this.#left.promise]);
  }
}
