/** Reads the values of the flags of `plumb plan`. Each throws an InvalidArgumentError. */
import type { Target } from '@plumb/client/plan';
import { InvalidArgumentError } from 'commander';

/** The median and the 95th percentile. */
export type Quantiles = readonly [p50: number, p95: number];

/** `300,900`, or `300` for what is always the same. */
export function readQuantiles(text: string): Quantiles {
  const [p50 = Number.NaN, p95 = p50, ...more] = text.split(',').map(readPositive);
  if (p50 <= p95 && more.length === 0) return [p50, p95];
  throw new InvalidArgumentError('It must be the median and the 95th percentile, such as 300,900.');
}

/** A number of lines from 0 to 100,000. */
export function readSample(text: string): number {
  if (/^\d{1,5}$|^100000$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 100000.');
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `20rps`, `1200rpm`, or a time such as `45s`, `90m`, `8h`, `2d`. */
export function readTarget(text: string): Target {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(rps|rpm|s|m|h|d)$/.exec(text) ?? [];
  const value = readPositive(digits);
  if (Number.isNaN(value))
    throw new InvalidArgumentError('It must be a rate such as 20rps or 1200rpm, or a time such as 90m or 8h.');
  if (unit === 'rps') return { perSecond: value };
  if (unit === 'rpm') return { perSecond: value / 60 };
  return { withinMs: value * (SECONDS[unit] ?? Number.NaN) * 1000 };
}

function readPositive(text: string): number {
  const value = /^\d{1,9}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value > 0 ? value : Number.NaN;
}
