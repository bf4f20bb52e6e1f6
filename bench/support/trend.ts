/**
 * Whether something grows: the slope of Theil and Sen (the median of the slopes between all pairs of points), which single
 * outliers do not move, with the interval in which it lies with a confidence of 95 % (Sen 1968, after Kendall's tau).
 */
import { quantile } from './statistics.js';

/** A time and a value. */
export type Point = readonly [at: number, value: number];

/** Change of the value for each unit of time. */
export interface Trend {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/** The standard normal distribution has 95 % of its mass within so many deviations. */
const DEVIATIONS = 1.96;

/** NaN for fewer than three points. */
export function findTrend(points: readonly Point[]): Trend {
  if (points.length < 3) return { slope: Number.NaN, low: Number.NaN, high: Number.NaN };
  const slopes = points
    .flatMap(([at, value], index) => points.slice(index + 1).map(([later, other]) => (other - value) / (later - at)))
    .sort((one, other) => one - other);
  const count = points.length;
  const spread = DEVIATIONS * Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const place = (rank: number) => slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))]!;
  return {
    slope: quantile(slopes, 0.5),
    low: place((slopes.length - spread) / 2 - 1),
    high: place((slopes.length + spread) / 2),
  };
}
