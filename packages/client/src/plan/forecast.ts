/** Foretells how long requests take, by playing them through the real limiter in virtual time, several times. */
import type { Limits } from '../limiter/limiter.js';
import { WINDOW_MS } from '../limiter/window.js';
import { rankOf } from './distribution.js';
import { chooseScale, type Scale, scaleLimits } from './scale.js';
import { type SimulationResult, simulate } from './simulate.js';
import { brakeRates, loadOf, slowest } from './throughput.js';
import type { Trace } from './trace.js';
import { drawTrace, type Workload } from './workload.js';

export interface Forecast {
  /** The median of the runs, in ms. */
  readonly p50Ms: number;
  /** What 95 % of the runs do not exceed, in ms. */
  readonly p95Ms: number;
  readonly runs: number;
  /** Requests that were played in each run; fewer than those that are planned when they stand for more. */
  readonly playedRequests: number;
  /** How far the median run is at times from the beginning to the end. */
  readonly course: readonly CoursePoint[];
}

export interface CoursePoint {
  readonly atMs: number;
  /** The share of requests that have their answers, from 0 to 1. */
  readonly done: number;
}

export interface ForecastOptions {
  readonly requests: number;
  readonly workload: Workload;
  readonly limits: Limits;
  /** Requests that are open at most. Default: as many as the limits let run; 256 without limits. */
  readonly ownConcurrency?: number | undefined;
  /** Runs. Default: 5 to 20, fewer where they are long. */
  readonly runs?: number;
}

/** Requests that are played in all runs together, about. */
const PLAYED_MAX = 20_000;
const RUNS_MIN = 5;
const RUNS_MAX = 20;
/** Requests that the batch runner keeps open where nobody says how many and there is no limit. */
export const OPEN_WITHOUT_LIMITS = 256;
const COURSE_POINTS = 200;
/** After how long a limiter does the same again: a window and its guard. */
const PERIOD_MS = WINDOW_MS + 200;

export function forecast(options: ForecastOptions): Forecast {
  const { requests, workload, limits } = options;
  const effective = withConcurrency(limits, options.ownConcurrency);
  const scale = measureScale(requests, workload, effective);
  const scaled = scaleLimits(effective, scale.factor);
  const runs = options.runs ?? Math.min(RUNS_MAX, Math.max(RUNS_MIN, Math.floor(PLAYED_MAX / scale.requests)));
  const isDealt = scale.requests < requests;
  const played = Array.from({ length: runs }, (_, index) => {
    const result = play(drawTrace(workload, scale.requests, index + 1, isDealt), scaled);
    return { result, endsAt: result.finishedAt + restMs(result, scale) };
  }).sort((one, other) => one.endsAt - other.endsAt);
  const times = played.map(({ endsAt }) => endsAt);
  const middle = played[Math.max(0, Math.ceil(runs / 2) - 1)]!;
  return {
    p50Ms: middle.endsAt,
    p95Ms: rankOf(times, 0.95),
    runs,
    playedRequests: scale.requests,
    course: courseOf(middle.result, middle.endsAt, scale),
  };
}

/** Where nobody says how many may run, the limiter feels for it, unless there is nothing else either to hold it back. */
function withConcurrency(limits: Limits, own: number | undefined): Limits {
  const isLimited = Object.values(limits).some((limit) => Number.isFinite(limit));
  const most = Math.min(
    own ?? (isLimited ? Number.POSITIVE_INFINITY : OPEN_WITHOUT_LIMITS),
    limits.concurrency ?? Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(most) ? { ...limits, concurrency: most } : limits;
}

/** How large a part is played depends on what binds and on the largest request. */
function measureScale(requests: number, workload: Workload, limits: Limits): Scale {
  const sample = drawTrace(workload, Math.min(requests, 1000), 1, true);
  const needs = sample.map(needOf).sort((one, other) => one - other);
  return chooseScale(requests, limits, {
    largeTokens: rankOf(needs, 0.95),
    binding: slowest(brakeRates(loadOf(sample), limits)),
  });
}

/** What is set aside for a request. */
export function needOf({ promptTokens, answerTokens, answerTokensMax = answerTokens }: Trace[number]): number {
  return promptTokens + Math.max(answerTokens, answerTokensMax);
}

/** Where requests say how long their answers may be, endpoints set that aside until they are there. */
function play(trace: Trace, limits: Limits): SimulationResult {
  const isSaid = trace.some(({ answerTokensMax }) => answerTokensMax !== undefined);
  if (!isSaid) return simulate(trace, { limits, charge: 'actual' }, { limits });
  return simulate(trace, { limits, charge: 'reserved' }, { limits, charge: 'reservation' });
}

/**
 * How long the requests that were not played take beyond those that were: each as long as one of the second half of
 * these, over whole windows, because limits let requests through in bursts.
 */
function restMs({ arrivals }: SimulationResult, { requests, scaledRequests }: Scale): number {
  const times = arrivals.filter(({ isAdmitted }) => isAdmitted).map(({ at }) => at);
  const last = times.at(-1) ?? 0;
  const rest = scaledRequests - requests;
  if (rest <= 0) return 0;
  const spanMs = last - times[times.length >> 1]!;
  const countedMs = spanMs < PERIOD_MS ? spanMs : Math.floor(spanMs / PERIOD_MS) * PERIOD_MS;
  const counted = times.filter((at) => at > last - countedMs).length;
  return (rest * countedMs) / Math.max(1, counted);
}

/** Some points of the way, evenly spread over time. */
function courseOf({ results }: SimulationResult, endsAt: number, { requests, scaledRequests }: Scale): CoursePoint[] {
  const ends = results.map(({ finishedAt }) => finishedAt).sort((one, other) => one - other);
  const playedUntil = ends.at(-1) ?? 0;
  const playedShare = requests / scaledRequests;
  let done = 0;
  return Array.from({ length: COURSE_POINTS + 1 }, (_, index) => {
    const atMs = (endsAt * index) / COURSE_POINTS;
    while (done < ends.length && ends[done]! <= atMs) done += 1;
    const beyond = endsAt > playedUntil ? Math.max(0, atMs - playedUntil) / (endsAt - playedUntil) : 0;
    return { atMs, done: (done / ends.length) * playedShare + beyond * (1 - playedShare) };
  });
}
