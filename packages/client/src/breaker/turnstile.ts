/** Those who wait for a turn, called in the order in which they came. */
import type { Clock } from '../time/clock.js';

export class Turnstile {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /**
   * Resolves when called, or after a time in ms.
   *
   * @throws the reason of the signal, once it is aborted.
   */
  wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const end = () => {
        cancel?.();
        this.#waiting.delete(end);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        end();
        reject(signal?.reason);
      };
      const cancel = Number.isFinite(delayMs) ? this.#clock.after(delayMs, end) : undefined;
      this.#waiting.add(end);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Calls the first ones, at most so many. */
  call(count: number): void {
    let left = count;
    for (const end of this.#waiting) {
      if (left-- <= 0) return;
      end();
    }
  }
}
