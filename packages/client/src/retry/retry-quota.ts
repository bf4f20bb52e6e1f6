/**
 * Bounds how much of the traffic retries can be, so that an outage is not multiplied: each retry takes from a bucket,
 * and gives back when it succeeds (the retry quota of the AWS SDKs' standard mode, with a slow refill so that it cannot
 * stay empty for ever).
 */
import type { Clock } from '../time/clock.js';

export interface RetryQuotaOptions {
  /** What fits in the bucket. Default: 500. */
  readonly capacity?: number;
  /** What one retry takes. Default: 14. */
  readonly retryCost?: number;
  /** What comes back by itself, each second. Default: 14, one retry a second. */
  readonly refillPerSecond?: number;
}

export class RetryQuota {
  readonly #capacity: number;
  readonly #cost: number;
  readonly #refillPerMs: number;
  readonly #clock: Clock;
  #left: number;
  #at: number;

  constructor(clock: Clock, { capacity = 500, retryCost = 14, refillPerSecond = 14 }: RetryQuotaOptions = {}) {
    this.#clock = clock;
    this.#capacity = capacity;
    this.#cost = retryCost;
    this.#refillPerMs = refillPerSecond / 1000;
    this.#left = capacity;
    this.#at = clock.now();
  }

  /**
   * Takes the cost of a retry, now or in advance.
   *
   * @returns How long the retry has to wait for it, in ms: 0 while the bucket has enough.
   */
  take(): number {
    this.#refill();
    this.#left -= this.#cost;
    return this.#left >= 0 ? 0 : -this.#left / this.#refillPerMs;
  }

  /** A request has succeeded: a retry gives back what it took, a first attempt one unit. */
  succeeded(wasRetry: boolean): void {
    this.#refill();
    this.#left = Math.min(this.#capacity, this.#left + (wasRetry ? this.#cost : 1));
  }

  #refill(): void {
    const now = this.#clock.now();
    this.#left = Math.min(this.#capacity, this.#left + (now - this.#at) * this.#refillPerMs);
    this.#at = now;
  }
}
