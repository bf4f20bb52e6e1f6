/** Fits the latency model to measured requests. */
import { fitLine, mean, type Point } from './fit-line.js';
import type { Latency } from './latency-model.js';
import { type MeasuredRequest, TraceError } from './read-trace.js';

export interface FittedLatency {
  readonly latency: Latency;
  /** What the model is off by on average (root of the mean square), in ms. */
  readonly firstTokenErrorMs: number;
  readonly tokenErrorMs: number;
}

/** Fewer requests than these under the least load say too little; then those under more load count as well. */
const QUIET_REQUESTS_MIN = 8;
/** Without two different lengths of prompts nobody can tell what a token takes: then it takes nothing. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
/** The most that times may differ, as a share. */
const JITTER_MAX = 1;

/**
 * Fits by least squares: the first token over the prompt tokens that had to be read, for the requests under the least
 * load, because those under more had to wait for others; and the time between two tokens over the load. Throws a
 * TraceError when no answer has two tokens.
 */
export function fitLatency(requests: readonly MeasuredRequest[]): FittedLatency {
  const first = quietest(requests).map(toFirstToken);
  const gaps = requests.filter(({ answerTokens }) => answerTokens > 1).map(toGap);
  if (gaps.length === 0) throw new TraceError('No answer in it has two tokens or more: nothing is known between them.');
  const prefill = fitLine(first);
  const decode = fitLine(gaps);
  const tokenErrorMs = errorOf(gaps, decode.intercept, decode.slope);
  return {
    latency: {
      slots: Math.max(1, ...requests.map(({ concurrency }) => Math.ceil(concurrency))),
      firstTokenMs: prefill.intercept,
      prefillTokensPerSecond: prefill.slope === 0 ? UNLIMITED : 1000 / prefill.slope,
      tokenMs: decode.intercept,
      tokenMsPerSequence: decode.slope,
      jitter: Math.min(JITTER_MAX, tokenErrorMs / Math.max(Number.EPSILON, mean(gaps.map(([, y]) => y)))),
    },
    firstTokenErrorMs: errorOf(first, prefill.intercept, prefill.slope),
    tokenErrorMs,
  };
}

/** The requests under the least load of which there are enough. */
function quietest(requests: readonly MeasuredRequest[]): readonly MeasuredRequest[] {
  const loads = [...new Set(requests.map(({ concurrency }) => concurrency))].sort((one, other) => one - other);
  for (const load of loads) {
    const quiet = requests.filter(({ concurrency }) => concurrency <= load);
    if (quiet.length >= QUIET_REQUESTS_MIN) return quiet;
  }
  return requests;
}

function toFirstToken({ promptTokens, cachedTokens, firstTokenMs }: MeasuredRequest): Point {
  return [Math.max(0, promptTokens - cachedTokens), firstTokenMs];
}

function toGap({ concurrency, answerTokens, firstTokenMs, totalMs }: MeasuredRequest): Point {
  return [concurrency, Math.max(0, totalMs - firstTokenMs) / (answerTokens - 1)];
}

function errorOf(points: readonly Point[], intercept: number, slope: number): number {
  return Math.sqrt(mean(points.map(([x, y]) => (y - intercept - slope * x) ** 2)));
}
