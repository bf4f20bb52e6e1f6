/** Timers as a value, so that tests decide when they fire. */

export interface Timers {
  /** Calls once after a time in ms; returns what calls it off. */
  after(delayMs: number, call: () => void): () => void;
}

/** The longest delay that the timers of JavaScript can hold, in ms: almost 25 days. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** The timers of the process; they do not keep it running. Longer delays than 25 days end after 25 days. */
export const systemTimers: Timers = {
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, DELAY_MAX_MS)).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Timers for a clock that goes faster: what waits for a time waits a fraction of it. Rounded up to whole milliseconds of
 * the others, so that they are late rather than early by that clock.
 */
export class ScaledTimers implements Timers {
  readonly #timers: Timers;
  readonly #scale: number;

  constructor(timers: Timers, scale: number) {
    this.#timers = timers;
    this.#scale = scale;
  }

  after(delayMs: number, call: () => void): () => void {
    return this.#timers.after(Math.ceil(delayMs / this.#scale), call);
  }
}
