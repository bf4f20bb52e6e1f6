/** Collects measured values without making garbage, which would be measured too. */
import type { Distribution } from './protocol.js';

const FIRST_CAPACITY = 4096;

/** Values of one kind. */
export class Samples {
  #values = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = value;
  }

  /** Their distribution; undefined when there are none. */
  summarize(): Distribution | undefined {
    if (this.#count === 0) return undefined;
    const sorted = this.#values.subarray(0, this.#count).sort();
    const at = (share: number) => sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))]!;
    return { count: this.#count, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: sorted.at(-1)! };
  }
}
