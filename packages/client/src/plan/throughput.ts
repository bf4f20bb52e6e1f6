/** How fast limits let requests through, and how fast at most they can be done: formulas, no simulation. */
import type { Axis, Limits } from '../limiter/limiter.js';
import { WINDOW_MS } from '../limiter/window.js';
import { rankOf, type Spread, spreadOf } from './distribution.js';
import type { Trace } from './trace.js';

/** What can hold requests back: a limit of the endpoint, or the number of requests that you keep open. */
export type Brake = Axis | 'own-concurrency';

/** How fast one limit lets requests through if it is used without a break. */
export interface BrakeRate {
  readonly brake: Brake;
  readonly limit: number;
  /** Requests a second. */
  readonly perSecond: number;
}

/** What the requests of a trace need. */
export interface Load {
  readonly prompt: Spread;
  readonly answer: Spread;
  /** Of prompt and answer together, on the average. */
  readonly tokens: number;
  /** What is set aside for an answer that runs beyond what it takes, on the average of those that run. */
  readonly idleTokens: number;
  readonly latencyMs: Spread;
}

export function loadOf(trace: Trace): Load {
  const prompt = spreadOf(sorted(trace.map(({ promptTokens }) => promptTokens)));
  const answer = spreadOf(sorted(trace.map(({ answerTokens }) => answerTokens)));
  const latencyMs = spreadOf(sorted(trace.map(({ durationMs }) => durationMs)));
  const idle = trace.reduce(
    (sum, { answerTokens, answerTokensMax = answerTokens, durationMs }) =>
      sum + Math.max(0, answerTokensMax - answerTokens) * durationMs,
    0,
  );
  const idleTokens = idle / (latencyMs.mean * trace.length);
  return { prompt, answer, tokens: prompt.mean + answer.mean, idleTokens, latencyMs };
}

/** The limits that there are, with what each lets through; the first of the slowest binds. */
export function brakeRates(load: Load, limits: Limits, ownConcurrency?: number): BrakeRate[] {
  const seconds = load.latencyMs.mean / 1000;
  const { requestsPerMinute, tokensPerMinute, concurrency } = limits;
  const rates: [Brake, number | undefined, needed: number][] = [
    ['requests', requestsPerMinute, 60],
    ['tokens', tokensPerMinute, 60 * load.tokens + seconds * load.idleTokens],
    ['concurrency', concurrency, seconds],
    ['own-concurrency', ownConcurrency, seconds],
  ];
  return rates.flatMap(([brake, limit, needed]) =>
    limit === undefined || !Number.isFinite(limit) ? [] : [{ brake, limit, perSecond: limit / needed }],
  );
}

/** The limit that lets least through; undefined when there is none. */
export function slowest(rates: readonly BrakeRate[]): BrakeRate | undefined {
  return rates.reduce<BrakeRate | undefined>(
    (found, rate) => (found === undefined || rate.perSecond < found.perSecond ? rate : found),
    undefined,
  );
}

/** The limits that a rate needs. Concurrency by Little's law, for the answers that take as long as one in twenty does. */
export function limitsFor(perSecond: number, load: Load): Required<Limits> {
  const { tokens, idleTokens, latencyMs } = load;
  return {
    requestsPerMinute: Math.ceil(60 * perSecond),
    tokensPerMinute: Math.ceil(perSecond * (60 * tokens + (latencyMs.mean / 1000) * idleTokens)),
    concurrency: concurrencyFor(perSecond, load),
  };
}

/** How many requests must be open for a rate. */
export function concurrencyFor(perSecond: number, { latencyMs }: Load): number {
  return Math.max(1, Math.ceil((perSecond * latencyMs.p95) / 1000));
}

/** What a trace takes at least, and what it is that takes so long. */
export interface LowerBound {
  readonly ms: number;
  /** Undefined when nothing holds it back but its longest answer. */
  readonly brake: Brake | undefined;
}

/**
 * What nobody can be faster than, in ms, whoever knows everything. The last request cannot begin before as many windows
 * have passed as it takes full ones for those before it, and those that are left then run side by side at best.
 */
export function lowerBound(trace: Trace, limits: Limits, ownConcurrency?: number): LowerBound {
  const { requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY } = limits;
  const places = Math.min(limits.concurrency ?? Number.POSITIVE_INFINITY, ownConcurrency ?? Number.POSITIVE_INFINITY);
  const durations = sorted(trace.map(({ durationMs }) => durationMs));
  const tokens = trace.reduce((sum, job) => sum + job.promptTokens + job.answerTokens, 0);
  const requestWindows = Math.max(1, Math.ceil(trace.length / requestsPerMinute));
  const tokenWindows = Math.max(1, Math.ceil(tokens / tokensPerMinute));
  const begun = requestWindows - 1 > 0 ? (requestWindows - 1) * requestsPerMinute : 0;
  const left = durations.slice(0, Math.max(1, Math.ceil(trace.length - begun)));
  const lastMs = Math.max(rankOf(durations, 0), sum(left) / places);
  const bounds: [Brake | undefined, number][] = [
    [undefined, rankOf(durations, 1)],
    ['requests', requestWindows > 1 ? (requestWindows - 1) * WINDOW_MS + lastMs : 0],
    ['tokens', tokenWindows > 1 ? (tokenWindows - 1) * WINDOW_MS + rankOf(durations, 0) : 0],
    [places === limits.concurrency ? 'concurrency' : 'own-concurrency', sum(durations) / places],
  ];
  const [brake, ms] = bounds.reduce((longest, bound) => (bound[1] > longest[1] ? bound : longest));
  return { ms, brake };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function sorted(values: number[]): number[] {
  return values.sort((one, other) => one - other);
}
