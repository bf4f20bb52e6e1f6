/** Quantiles of the last durations, over a sample whose size is bounded. */

/** How many durations are remembered. */
const SAMPLE_SIZE = 512;

/** In ms; undefined while nothing was measured. */
export interface LatencyQuantiles {
  readonly p50: number | undefined;
  readonly p95: number | undefined;
}

export class Latencies {
  readonly #sample = new Float64Array(SAMPLE_SIZE);
  #count = 0;

  add(durationMs: number): void {
    this.#sample[this.#count % SAMPLE_SIZE] = durationMs;
    this.#count += 1;
  }

  quantiles(): LatencyQuantiles {
    const sorted = this.#sample.slice(0, Math.min(this.#count, SAMPLE_SIZE)).sort();
    const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1];
    return { p50: at(0.5), p95: at(0.95) };
  }
}
