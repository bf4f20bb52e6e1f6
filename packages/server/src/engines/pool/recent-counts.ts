/** Counts what happened lately: a sum that forgets second by second. */
import type { Clock } from '../../observe/clock.js';

const BUCKET_MS = 1000;

export class RecentCounts {
  readonly #clock: Clock;
  /** One a second, written round and round. */
  readonly #buckets: Float64Array;
  #sum = 0;
  /** The second that was last looked at. */
  #second: number;

  /** Remembers at least so many whole seconds, and less than one more. */
  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.#buckets = new Float64Array(seconds + 1);
    this.#second = this.#now();
  }

  add(amount = 1): void {
    this.#forget();
    const place = this.#second % this.#buckets.length;
    this.#buckets[place] = (this.#buckets[place] ?? 0) + amount;
    this.#sum += amount;
  }

  get sum(): number {
    this.#forget();
    return this.#sum;
  }

  clear(): void {
    this.#buckets.fill(0);
    this.#sum = 0;
  }

  #forget(): void {
    const now = this.#now();
    if (now - this.#second >= this.#buckets.length) this.clear();
    else {
      for (let second = this.#second + 1; second <= now; second++) {
        const place = second % this.#buckets.length;
        this.#sum -= this.#buckets[place] ?? 0;
        this.#buckets[place] = 0;
      }
    }
    this.#second = Math.max(now, this.#second);
  }

  #now(): number {
    return Math.floor(this.#clock.now() / BUCKET_MS);
  }
}
