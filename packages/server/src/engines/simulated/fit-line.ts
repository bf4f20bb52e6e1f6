/** A straight line through measured points, by least squares. */

export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

export type Point = readonly [x: number, y: number];

/**
 * The line with the least sum of squared distances whose intercept and slope are both at least 0: neither a base nor what
 * is added to it can make anything faster. Through points of a single x it is flat.
 *
 * @param points At least one.
 */
export function fitLine(points: readonly Point[]): Line {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const variance = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = variance === 0 ? 0 : sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / variance;
  if (slope <= 0) return { intercept: Math.max(0, meanY), slope: 0 };
  const intercept = meanY - slope * meanX;
  if (intercept >= 0) return { intercept, slope };
  // The best line through the origin.
  return { intercept: 0, slope: sum(points.map(([x, y]) => x * y)) / sum(points.map(([x]) => x * x)) };
}

export function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
