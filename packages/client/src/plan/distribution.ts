/** How a quantity is spread over requests: what a plan reckons with instead of a single number. */
import { KitError } from '../errors/kit-error.js';

export interface Distribution {
  readonly mean: number;
  /** The value that a share of all, from 0 to 1, is at most. */
  quantile(share: number): number;
  /** The same as another sample of as many would show it; absent where it was not measured. */
  resample?(random: () => number): Distribution;
}

/** A distribution in three numbers. */
export interface Spread {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
}

/** The quantile of the standard normal distribution at 0.95. */
const NORMAL_P95 = 1.6448536269514722;
/** How far out a lognormal distribution is followed: beyond it are lengths that no request has. */
const SHARE_MAX = 0.9995;

/** Samples beyond this size would show the same again. */
const RESAMPLED_MAX = 5000;

/** Always the same. */
export function constant(value: number): Distribution {
  return { mean: value, quantile: () => value };
}

/**
 * The lognormal distribution with this median and this 95th percentile: what lengths and times usually look like.
 *
 * @throws KitError invalid_input unless 0 < p50 <= p95.
 */
export function fromQuantiles(p50: number, p95: number): Distribution {
  if (!(p50 > 0 && p95 >= p50 && Number.isFinite(p95))) {
    throw new KitError(
      'invalid_input',
      `The median ${p50} must be more than 0 and at most the 95th percentile ${p95}.`,
    );
  }
  const deviation = Math.log(p95 / p50) / NORMAL_P95;
  return {
    mean: p50 * Math.exp(deviation ** 2 / 2),
    quantile: (share) => p50 * Math.exp(deviation * normalQuantile(Math.min(share, SHARE_MAX))),
  };
}

/**
 * What was observed.
 *
 * @throws KitError invalid_input when nothing was.
 */
export function fromSample(values: Iterable<number>): Distribution {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) throw new KitError('invalid_input', 'A distribution needs at least one observed value.');
  return {
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    quantile: (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!,
    ...(sorted.length <= RESAMPLED_MAX && {
      resample: (random: () => number) => fromSample(sorted.map(() => sorted[Math.floor(random() * sorted.length)]!)),
    }),
  };
}

/** What follows from another quantity by a formula that is linear in it. */
export function linear(of: Distribution, base: number, factor: number): Distribution {
  const follow = (value: number) => base + factor * value;
  return {
    mean: follow(of.mean),
    quantile: (share) => follow(of.quantile(share)),
    ...(of.resample && { resample: (random) => linear(of.resample!(random), base, factor) }),
  };
}

export function spreadOf(sorted: readonly number[]): Spread {
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, p50: rankOf(sorted, 0.5), p95: rankOf(sorted, 0.95) };
}

/** The value at a share of a sorted list that is not empty. */
export function rankOf(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The inverse of the standard normal distribution, to nine digits (P. J. Acklam's rational approximation). */
function normalQuantile(share: number): number {
  if (share < LOW) return tail(Math.sqrt(-2 * Math.log(Math.max(share, Number.MIN_VALUE))));
  if (share > 1 - LOW) return -tail(Math.sqrt(-2 * Math.log(1 - share)));
  const offset = share - 0.5;
  const square = offset * offset;
  return (polynomial(CENTRE_ABOVE, square) * offset) / polynomial(CENTRE_BELOW, square);
}

/** Where the tails begin. */
const LOW = 0.02425;
const CENTRE_ABOVE = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_BELOW = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const TAIL_ABOVE = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

function tail(root: number): number {
  return polynomial(TAIL_ABOVE, root) / polynomial(TAIL_BELOW, root);
}

/** Horner's scheme; the coefficient of the highest power first. */
function polynomial(coefficients: readonly number[], at: number): number {
  return coefficients.reduce((sum, coefficient) => sum * at + coefficient, 0);
}
