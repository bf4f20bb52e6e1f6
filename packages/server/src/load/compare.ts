/**
 * Two loads side by side: how much a second one differs from a first, and between which bounds, as far as chance goes.
 * The bounds take requests, and seconds, as independent of each other; they know nothing of what differs between days.
 */
import { LogHistogram, RELATIVE_ERROR_MAX } from './log-histogram.js';
import type { LatencyName, LoadReport } from './report/load-report.js';

/** A figure, and where it would be in 95 of 100 such loads. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Comparison {
  readonly name: string;
  readonly unit: 'ms' | 'per second' | 'share';
  readonly first: Estimate;
  readonly second: Estimate;
  /** The second over the first. */
  readonly ratio: Estimate;
  /** Whether the bounds of the ratio leave 1 out. */
  readonly isDifferent: boolean;
}

/** Where 95 % of a normal distribution are, in standard deviations to both sides. */
const NORMAL_95 = 1.959_963_985;

const LATENCIES: readonly (readonly [LatencyName, string, share: number])[] = [
  ['ttft', 'first token p50', 0.5],
  ['ttft', 'first token p95', 0.95],
  ['ttft', 'first token p99', 0.99],
  ['tpot', 'per token p50', 0.5],
  ['tpot', 'per token p95', 0.95],
  ['e2e', 'end to end p50', 0.5],
  ['e2e', 'end to end p95', 0.95],
  ['e2e', 'end to end p99', 0.99],
];

/** Figures that one of the two does not have are left out. */
export function compareReports(first: LoadReport, second: LoadReport): Comparison[] {
  const rows = [
    compareOne('requests/s', 'per second', rateOf(first, 'answered'), rateOf(second, 'answered')),
    compareOne('tokens/s out', 'per second', rateOf(first, 'answer_tokens'), rateOf(second, 'answer_tokens')),
    compareOne('goodput', 'share', goodputOf(first), goodputOf(second)),
    ...LATENCIES.map(([latency, name, share]) =>
      compareOne(name, 'ms', quantileOf(first, latency, share), quantileOf(second, latency, share)),
    ),
  ];
  return rows.filter((row) => row !== undefined);
}

/** The names of the parameters that are not the same in both. */
export function differingParameters(first: LoadReport, second: LoadReport): string[] {
  const names = new Set([...Object.keys(first.parameters), ...Object.keys(second.parameters)]);
  return [...names].filter((name) => first.parameters[name] !== second.parameters[name]);
}

function compareOne(
  name: string,
  unit: Comparison['unit'],
  first: Estimate | undefined,
  second: Estimate | undefined,
): Comparison | undefined {
  if (first === undefined || second === undefined || first.value === 0) return undefined;
  const low = second.low / first.high;
  const high = first.low > 0 ? second.high / first.low : Number.POSITIVE_INFINITY;
  return {
    name,
    unit,
    first,
    second,
    ratio: { value: second.value / first.value, low, high },
    isDifferent: low > 1 || high < 1,
  };
}

/** The bounds are those of the places in the order of all values between which the quantile is, as exactly as they are known. */
function quantileOf(report: LoadReport, latency: LatencyName, share: number): Estimate | undefined {
  const histogram = LogHistogram.fromRecord(report.latencies[latency].histogram);
  const { count } = histogram;
  if (count === 0) return undefined;
  const spread = NORMAL_95 * Math.sqrt(count * share * (1 - share));
  return {
    value: histogram.quantile(share),
    low: histogram.valueAt(Math.max(1, Math.floor(count * share - spread))) * (1 - RELATIVE_ERROR_MAX),
    high: histogram.valueAt(Math.min(count, Math.ceil(count * share + spread) + 1)) * (1 + RELATIVE_ERROR_MAX),
  };
}

/** The bounds come from how much the slices of time differ. */
function rateOf(report: LoadReport, what: 'answered' | 'answer_tokens'): Estimate | undefined {
  const value = report.rates[what];
  const { width_ms, slices } = report.timeline;
  if (value === null || value === 0) return undefined;
  const from = Math.ceil(report.warm_up_ms / width_ms);
  const until = Math.floor((report.warm_up_ms + report.window_ms) / width_ms);
  const rates = slices.slice(from, until).map((slice) => (slice[what] * 1000) / width_ms);
  if (rates.length < 2) return { value, low: 0, high: Number.POSITIVE_INFINITY };
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / (rates.length - 1);
  const spread = NORMAL_95 * Math.sqrt(variance / rates.length);
  return { value, low: Math.max(0, value - spread), high: value + spread };
}

/** The bounds are Wilson's, which stay between 0 and 1. */
function goodputOf({ requests }: LoadReport): Estimate | undefined {
  const count = requests.due - requests.unfinished;
  if (requests.goodput_share === null || count === 0) return undefined;
  const share = requests.goodput_share;
  const square = NORMAL_95 ** 2 / count;
  const middle = (share + square / 2) / (1 + square);
  const spread = (NORMAL_95 * Math.sqrt((share * (1 - share)) / count + square / (4 * count))) / (1 + square);
  return { value: share, low: Math.max(0, middle - spread), high: Math.min(1, middle + spread) };
}
