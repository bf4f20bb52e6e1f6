/** The few statistics that the benchmark needs, over plain arrays. */

/** The arithmetic mean; NaN for no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which `share` (0 to 1) of the values lie, interpolated linearly; NaN for no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((left, right) => left - right);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

/** A median with the smallest and the largest value that it stands for. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  /** How many values. */
  count: number;
}

/** Median and range of the finite values; undefined when there are none. */
export function spread(values: readonly number[]): Spread | undefined {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return undefined;
  return { median: quantile(finite, 0.5), min: Math.min(...finite), max: Math.max(...finite), count: finite.length };
}
