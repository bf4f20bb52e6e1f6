/**
 * A histogram of times by model, in the form in which a registry of prom-client reads its own. Those spell their labels
 * out for every time that they are told; this one adds to two numbers, and spells when somebody asks.
 */
import type { Histogram, MetricValueWithName, Registry } from 'prom-client';

type Sample = MetricValueWithName<string>;

export interface TimeHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[];
  readonly registry: Registry;
}

/** Of one model. */
export class ModelTimes {
  readonly #bounds: readonly number[];
  /** How many times fell into each bucket; the last one has no bound. */
  readonly counts: number[];
  sumSeconds = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Counts a time in ms; one below 0, of a clock that was set back, counts as 0. */
  observe(durationMs: number): void {
    const seconds = Math.max(0, durationMs) / 1000;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && bounds[bucket]! < seconds) bucket += 1;
    this.counts[bucket]! += 1;
    this.sumSeconds += seconds;
  }
}

export class TimeHistogram {
  readonly #options: TimeHistogramOptions;
  readonly #models = new Map<string, ModelTimes>();

  /** Registers itself. */
  constructor(options: TimeHistogramOptions) {
    this.#options = options;
    const { name, help, registry } = options;
    const get = () => Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: this.#read() });
    // Its type asks for a class of the library; what it calls is this.
    registry.registerMetric({ name, get } as unknown as Histogram);
  }

  /** The times of a model, which has no series before the first of them. */
  of(model: string): ModelTimes {
    let times = this.#models.get(model);
    if (times === undefined) {
      times = new ModelTimes(this.#options.buckets);
      this.#models.set(model, times);
    }
    return times;
  }

  #read(): Sample[] {
    return [...this.#models].flatMap(([model, times]) => this.#readModel(model, times));
  }

  #readModel(model: string, { counts, sumSeconds }: ModelTimes): Sample[] {
    const { name, buckets } = this.#options;
    let count = 0;
    const values = counts.map((inBucket, index) => {
      count += inBucket;
      return { metricName: `${name}_bucket`, labels: { le: buckets[index] ?? '+Inf', model }, value: count };
    });
    if (count === 0) return [];
    const labels = { model };
    return [
      ...values,
      { metricName: `${name}_sum`, labels, value: sumSeconds },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
