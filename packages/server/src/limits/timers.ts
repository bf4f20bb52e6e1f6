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
