/** The line of one account in a `WaitingRoom`: who waits, in which order, and what the head sleeps until. */
import type { Admission, Permit, Refusal, TemporaryRefusal } from './limiter.js';
import type { Timers } from './timers.js';

/** A request in line. */
export interface Waiter {
  readonly admission: Admission;
  /** When it must have an answer, whichever; in the time of the room. */
  readonly deadline: number;
  resolve(decision: Permit | Refusal): void;
  reject(reason: unknown): void;
}

export class WaitingLine {
  readonly #timers: Timers;
  readonly #waiters: Waiter[] = [];
  #lastRefusal: TemporaryRefusal;
  #refusedAt: number;
  /** Ends the sleep of the head, if it sleeps. */
  #endSleep: (() => void) | undefined;
  /** Whether it was woken while it did not sleep. */
  #isWoken = false;

  /** A line begins with a refusal, given at a time. */
  constructor(timers: Timers, refusal: TemporaryRefusal, now: number) {
    this.#timers = timers;
    this.#lastRefusal = refusal;
    this.#refusedAt = now;
  }

  get length(): number {
    return this.#waiters.length;
  }

  get head(): Waiter | undefined {
    return this.#waiters[0];
  }

  join(waiter: Waiter): void {
    this.#waiters.push(waiter);
  }

  /** Does nothing when the waiter has left already. */
  leave(waiter: Waiter): void {
    const place = this.#waiters.indexOf(waiter);
    if (place !== -1) this.#waiters.splice(place, 1);
  }

  /** Why the head does not fit: an answer also for who finds the line full, who could not fit earlier. */
  refusal(now: number): TemporaryRefusal {
    const retryAfterMs = Math.max(1, this.#lastRefusal.retryAfterMs - (now - this.#refusedAt));
    return { ...this.#lastRefusal, retryAfterMs };
  }

  /** Takes in that the head was refused. */
  refused(refusal: TemporaryRefusal, now: number): void {
    this.#lastRefusal = refusal;
    this.#refusedAt = now;
  }

  /** Resolves when the head would fit or must have its answer, or when it is woken, also while it was not asleep. */
  async sleep(now: number): Promise<void> {
    const sleepMs = Math.min(this.refusal(now).retryAfterMs, Math.max(0, (this.head?.deadline ?? now) - now));
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        const cancel = this.#timers.after(sleepMs, resolve);
        this.#endSleep = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#endSleep = undefined;
    this.#isWoken = false;
  }

  /** Something changed: the head should ask again. */
  wake(): void {
    this.#isWoken = true;
    this.#endSleep?.();
  }
}
