/** Counts times in buckets that grow by the same factor: any number of them in 5 kB, and every quantile within 1 %. */

/** How far a quantile may be from the value that it stands for, as a part of it; below a microsecond, a microsecond. */
export const RELATIVE_ERROR_MAX = 0.01;

/** What is smaller counts as this, in ms. */
const LOWEST_MS = 0.001;
/** What is larger counts as this, in ms: a day. The largest value itself is kept apart. */
const HIGHEST_MS = 86_400_000;
const GROWTH = (1 + RELATIVE_ERROR_MAX) / (1 - RELATIVE_ERROR_MAX);
const LOG_GROWTH = Math.log(GROWTH);
const BUCKETS = Math.ceil(Math.log(HIGHEST_MS / LOWEST_MS) / LOG_GROWTH) + 1;

/** A histogram as it is written to files: how many values are in each bucket that has any. */
export interface HistogramRecord {
  readonly count: number;
  readonly sum_ms: number;
  /** Null when there are no values. */
  readonly min_ms: number | null;
  readonly max_ms: number | null;
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

export class LogHistogram {
  #counts: Uint32Array | undefined;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** The exact mean; NaN for no values. */
  get mean(): number {
    return this.#sum / this.#count;
  }

  /** The largest value, exactly; NaN for no values. */
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max;
  }

  /** @param value In ms. What is below zero, because two clocks differ, counts as zero. */
  add(value: number): void {
    const time = Math.max(0, value);
    this.#counts ??= new Uint32Array(BUCKETS);
    this.#counts[bucketOf(time)]! += 1;
    this.#count += 1;
    this.#sum += time;
    this.#min = Math.min(this.#min, time);
    this.#max = Math.max(this.#max, time);
  }

  merge(other: LogHistogram): void {
    if (other.#counts === undefined) return;
    this.#counts ??= new Uint32Array(BUCKETS);
    for (const [bucket, count] of other.#counts.entries()) this.#counts[bucket]! += count;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** The smallest value that at least `share` (0 to 1) of the values do not exceed; NaN for no values. */
  quantile(share: number): number {
    return this.valueAt(Math.ceil(share * this.#count));
  }

  /** The value with this place in the order of all, counted from 1; the nearest one beyond the ends. NaN for no values. */
  valueAt(rank: number): number {
    if (this.#counts === undefined) return Number.NaN;
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return this.#clamp(middleOf(bucket));
    }
    return this.#max;
  }

  /** Which part of the values (0 to 1) is at most each of some; steps for a curve. */
  cumulative(): (readonly [valueMs: number, share: number])[] {
    let seen = 0;
    return this.#entries().map(([bucket, count]) => {
      seen += count;
      return [this.#clamp(middleOf(bucket)), seen / this.#count] as const;
    });
  }

  toRecord(): HistogramRecord {
    const [min_ms, max_ms] = this.#count === 0 ? [null, null] : [this.#min, this.#max];
    return { count: this.#count, sum_ms: this.#sum, min_ms, max_ms, buckets: this.#entries() };
  }

  /** @throws RangeError when it is no record of a histogram. */
  static fromRecord({ sum_ms, min_ms, max_ms, buckets }: HistogramRecord): LogHistogram {
    const histogram = new LogHistogram();
    const counts = new Uint32Array(BUCKETS);
    for (const [bucket, count] of buckets) {
      if (!(bucket in counts))
        throw new RangeError(`A histogram has ${BUCKETS} buckets, and none is number ${bucket}.`);
      counts[bucket] = count;
      histogram.#count += count;
    }
    if (histogram.#count === 0) return histogram;
    histogram.#counts = counts;
    histogram.#sum = sum_ms;
    histogram.#min = min_ms ?? 0;
    histogram.#max = max_ms ?? HIGHEST_MS;
    return histogram;
  }

  #entries(): [bucket: number, count: number][] {
    return [...(this.#counts ?? []).entries()].filter(([, count]) => count > 0);
  }

  #clamp(value: number): number {
    return Math.min(Math.max(value, this.#min), this.#max);
  }
}

/** Bucket 0 has all up to the lowest; each other one reaches from the end of the one before to `GROWTH` times that. */
function bucketOf(value: number): number {
  if (value <= LOWEST_MS) return 0;
  return Math.min(Math.ceil(Math.log(value / LOWEST_MS) / LOG_GROWTH), BUCKETS - 1);
}

/** The value from which both ends of a bucket are equally far, as parts of them. */
function middleOf(bucket: number): number {
  if (bucket === 0) return LOWEST_MS;
  return (LOWEST_MS * GROWTH ** bucket * 2) / (1 + GROWTH);
}
