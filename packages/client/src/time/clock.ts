/** The one place of the toolkit where time comes from, so that tests and simulations bring their own. */

/** Tells the time, and calls later. */
export interface Clock {
  /** Milliseconds since the epoch. Never goes back. */
  now(): number;
  /** Calls once after a time in ms; returns what calls it off. */
  after(delayMs: number, call: () => void): () => void;
}

/** The longest delay that the timers of JavaScript can hold, in ms: almost 25 days. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/**
 * The clock of the machine, read without the jumps that setting it makes. Its timers keep the process running: a wait is
 * a part of the work. Longer delays than 25 days end after 25 days.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(Math.max(delayMs, 0), DELAY_MAX_MS));
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves after a time in ms.
 *
 * @throws the reason of the signal, once it is aborted.
 */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const leave = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    });
    signal?.addEventListener('abort', leave, { once: true });
  });
}
