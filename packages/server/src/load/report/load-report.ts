/** The report of a load as it is written to files. Names are as in JSON, times in ms, shares from 0 to 1. */
import { type HistogramRecord, LogHistogram } from '../log-histogram.js';
import { isBottleneck } from '../own-load.js';
import type { FailureTally, Recorder } from '../recorder.js';
import type { LoadEnd, LoadResult } from '../run-load.js';
import { type SliceRecord, toSlices } from './slices.js';
import { findWarnings } from './warnings.js';

export interface LoadReport {
  readonly kind: 'plumb load';
  readonly version: 1;
  readonly program: string;
  readonly node: string;
  /** ISO 8601. */
  readonly started_at: string;
  readonly base_url: string;
  /** What was asked for, by name, as texts for people. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly end: LoadEnd;
  readonly duration_ms: number;
  readonly warm_up_ms: number;
  /** What rates are measured over. */
  readonly window_ms: number;
  readonly requests: RequestCounts;
  readonly tokens: { readonly prompt: number; readonly cached: number; readonly answer: number };
  /** Of a second in the window. */
  readonly rates: LoadRates;
  readonly latencies: Readonly<Record<LatencyName, LatencyRecord>>;
  readonly failures: readonly FailureRecord[];
  readonly generator: GeneratorRecord;
  readonly timeline: { readonly width_ms: number; readonly slices: readonly SliceRecord[] };
  readonly warnings: readonly string[];
}

export const LATENCIES = ['ttfb', 'ttft', 'tpot', 'gap', 'e2e', 'lateness'] as const;
export type LatencyName = (typeof LATENCIES)[number];

export interface RequestCounts {
  readonly warm_up: number;
  readonly due: number;
  readonly answered: number;
  readonly failed: number;
  readonly dropped: number;
  readonly unfinished: number;
  readonly late: number;
  readonly streamed: number;
  readonly without_usage: number;
  readonly met: number;
  /** `met` of all that were due and are not unfinished; null when there are none. */
  readonly goodput_share: number | null;
}

export interface LoadRates {
  readonly answered: number | null;
  readonly met: number | null;
  readonly prompt_tokens: number | null;
  readonly answer_tokens: number | null;
}

export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 } as const;

export interface LatencyRecord {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly histogram: HistogramRecord;
}

export interface FailureRecord {
  readonly kind: FailureTally['kind'];
  readonly status: number | null;
  readonly count: number;
  readonly reason: string;
  readonly retry_after_ms: readonly [shortest: number, longest: number] | null;
}

export interface GeneratorRecord {
  readonly loop_delay_p99_ms: number | null;
  readonly loop_delay_max_ms: number | null;
  readonly utilization: number;
  readonly cpu: number;
  readonly connections: number;
  readonly is_bottleneck: boolean;
}

/** What a report says beside what was measured. */
export interface ReportFacts {
  readonly program: string;
  readonly node: string;
  readonly baseUrl: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly warmUpMs: number;
}

export function toLoadReport(result: LoadResult, facts: ReportFacts): LoadReport {
  const { recorder, startedAt, endedAt, windowMs } = result;
  const report = {
    kind: 'plumb load' as const,
    version: 1 as const,
    program: facts.program,
    node: facts.node,
    started_at: new Date(startedAt).toISOString(),
    base_url: facts.baseUrl,
    parameters: facts.parameters,
    end: result.end,
    duration_ms: endedAt - startedAt,
    warm_up_ms: facts.warmUpMs,
    window_ms: windowMs,
    requests: countRequests(recorder),
    tokens: {
      prompt: recorder.counts.promptTokens,
      cached: recorder.counts.cachedTokens,
      answer: recorder.counts.answerTokens,
    },
    rates: measureRates(recorder, windowMs),
    latencies: {
      ttfb: toLatency(recorder.ttfb),
      ttft: toLatency(recorder.ttft),
      tpot: toLatency(recorder.tpot),
      gap: toLatency(recorder.gap),
      e2e: toLatency(recorder.e2e),
      lateness: toLatency(recorder.lateness),
    },
    failures: [...recorder.failures.values()].map(toFailure).sort((one, other) => other.count - one.count),
    generator: toGenerator(result),
    timeline: { width_ms: recorder.timeline.widthMs, slices: toSlices(recorder) },
  };
  return { ...report, warnings: findWarnings(report) };
}

/** The share of goodput so far, of the requests whose end is known; null when there are none. */
export function goodputShare({ counts: { answered, failed, dropped, met } }: Recorder): number | null {
  const ended = answered + failed + dropped;
  return ended > 0 ? met / ended : null;
}

export function measureRates(recorder: Recorder, windowMs: number): LoadRates {
  const { answered, met, promptTokens, tokenEvents, bufferedTokens } = recorder.window;
  const rate = (amount: number) => (windowMs > 0 ? (amount * 1000) / windowMs : null);
  return {
    answered: rate(answered),
    met: rate(met),
    prompt_tokens: rate(promptTokens),
    answer_tokens: rate(tokenEvents * recorder.tokensPerEvent + bufferedTokens),
  };
}

function countRequests(recorder: Recorder): RequestCounts {
  const { due, answered, failed, dropped, unfinished, late, streamed, withoutUsage, met } = recorder.counts;
  return {
    warm_up: recorder.warmUpRequests,
    ...{ due, answered, failed, dropped, unfinished, late, streamed },
    without_usage: withoutUsage,
    met,
    goodput_share: goodputShare(recorder),
  };
}

export function toLatency(histogram: LogHistogram): LatencyRecord {
  const at = (share: number) => orNull(histogram.quantile(share));
  return {
    mean: orNull(histogram.mean),
    p50: at(QUANTILES.p50),
    p90: at(QUANTILES.p90),
    p95: at(QUANTILES.p95),
    p99: at(QUANTILES.p99),
    p999: at(QUANTILES.p999),
    max: orNull(histogram.max),
    histogram: histogram.toRecord(),
  };
}

function toFailure({ kind, status, count, reason, retryAfterMs }: FailureTally): FailureRecord {
  return { kind, status: status ?? null, count, reason, retry_after_ms: retryAfterMs ?? null };
}

function toGenerator({ ownLoad, connections }: LoadResult): GeneratorRecord {
  return {
    loop_delay_p99_ms: orNull(ownLoad.loopDelay.quantile(0.99)),
    loop_delay_max_ms: orNull(ownLoad.loopDelay.max),
    utilization: ownLoad.utilization,
    cpu: ownLoad.cpu,
    connections,
    is_bottleneck: isBottleneck(ownLoad),
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Reads a report from JSON. @throws Error with a sentence when it is none. */
export function parseLoadReport(text: string): LoadReport {
  const report = JSON.parse(text) as Partial<LoadReport> | null;
  if (report?.kind !== 'plumb load') throw new Error('It is no report of plumb load.');
  if (report.version !== 1) throw new Error('It is the report of another version of plumb load.');
  const { latencies } = report;
  for (const name of LATENCIES) {
    if (latencies?.[name] === undefined) throw new Error(`It is damaged: the latency ${name} is missing.`);
    LogHistogram.fromRecord(latencies[name].histogram);
  }
  return report as LoadReport;
}
