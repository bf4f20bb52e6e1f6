/** Plans throughput: what limits hold requests back, how long they take, what they cost, and what it takes to be faster. */

import { KitError } from '../errors/kit-error.js';
import { requireLimits } from '../limiter/create-limiter.js';
import type { Limits } from '../limiter/limiter.js';
import { WINDOW_MS } from '../limiter/window.js';
import { type Cost, type CostBasis, planCost } from './cost.js';
import type { Distribution } from './distribution.js';
import { type CoursePoint, forecast, needOf } from './forecast.js';
import { type KnownTier, planTarget, type Target, type TargetPlan } from './target.js';
import {
  type Brake,
  type BrakeRate,
  brakeRates,
  concurrencyFor,
  type Load,
  type LowerBound,
  loadOf,
  lowerBound,
  slowest,
} from './throughput.js';
import type { Trace } from './trace.js';
import { drawTrace, type Workload } from './workload.js';

export interface PlanOptions {
  /** How many there are, from 1 to 1e9. */
  readonly requests: number;
  readonly tokens: {
    readonly prompt: Distribution;
    readonly answer: Distribution;
    /** `max_tokens`, which endpoints set aside while they answer; Infinity for requests without. Default: none says it. */
    readonly answerMax?: Distribution | undefined;
  };
  /** From sending a request to the end of its answer, in ms. */
  readonly latency: Distribution;
  /** What the endpoint allows, for all requests together; what is left out is not limited. */
  readonly limits: Limits;
  /** Requests that you keep open at most. Default: as many as the limits let run. */
  readonly concurrency?: number | undefined;
  readonly target?: Target | undefined;
  /** Limits that could be had, for the target. */
  readonly tiers?: readonly KnownTier[] | undefined;
  readonly cost?: CostBasis | undefined;
}

export interface Plan {
  readonly requests: number;
  /** Tokens of prompts and answers, those of all requests together, and times of answers in ms. */
  readonly load: Load & { readonly totalTokens: number };
  /** The limits, the one that binds first, and how fast each lets requests through. */
  readonly rates: readonly (BrakeRate & { /** The part that is used, from 0 to 1. */ readonly used: number })[];
  readonly throughput: {
    /** Requests a second at most, if there were always some to send; Infinity without limits. */
    readonly perSecond: number;
    readonly brake: Brake | undefined;
    /** What is used of a minute, on the average of the whole time. */
    readonly requestsPerMinute: number;
    readonly tokensPerMinute: number;
  };
  readonly time: {
    /** What nobody can be faster than, and what holds them back; undefined: nothing but the slowest answer. */
    readonly least: LowerBound;
    /** Of the simulated runs, in ms. */
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly runs: number;
    /** Requests that were played in each run. */
    readonly playedRequests: number;
  };
  readonly concurrency: {
    /** Requests to keep open so that the other limits are used up (Little's law, with the p95 of the times). */
    readonly needed: number;
    /** What was said to be kept open. */
    readonly given: number | undefined;
  };
  /** Requests that need more tokens than the limit of a minute, about: many endpoints never take them. */
  readonly oversized: number;
  readonly course: readonly CoursePoint[];
  readonly cost: Cost | undefined;
  readonly target: TargetPlan | undefined;
}

const REQUESTS_MAX = 1e9;
/** Requests that lengths are reckoned with. */
const SAMPLE_MAX = 20_000;

/**
 * Plans requests that are all there at the beginning. Takes about a second however many they are: of many, a part is
 * played against limits that are smaller by as much.
 *
 * @throws KitError invalid_input for numbers and limits that cannot be.
 */
export function plan(options: PlanOptions): Plan {
  requireOptions(options);
  const { requests, limits, concurrency: given, target, tiers = [] } = options;
  const workload = workloadOf(options);
  const sample = drawTrace(workload, Math.min(requests, SAMPLE_MAX), 1, true);
  const load = loadOf(sample);
  const rates = brakeRates(load, limits, given);
  const binding = slowest(rates);
  const perSecond = binding?.perSecond ?? Number.POSITIVE_INFINITY;
  const { course, ...times } = forecast({ requests, workload, limits, ownConcurrency: given });
  const minutes = Math.max(1, times.p50Ms / WINDOW_MS);
  const shown = used(rates, { requests, load, minutes, ms: times.p50Ms });
  return {
    requests,
    load: { ...load, totalTokens: load.tokens * requests },
    rates: shown,
    throughput: {
      perSecond,
      brake: binding?.brake,
      requestsPerMinute: Math.min(requests / minutes, 60 * perSecond),
      tokensPerMinute: Math.min(requests / minutes, 60 * perSecond) * load.tokens,
    },
    time: { least: boundOf(sample, requests, limits, given), ...times },
    concurrency: { needed: neededConcurrency(load, limits, requests), given },
    oversized: Math.round((sample.filter((job) => needOf(job) > tokensOf(limits)).length * requests) / sample.length),
    course,
    cost: options.cost && planCost(options.cost, load.answer.mean),
    target: target && planTarget({ requests, workload, load, target, tiers }, { perSecond, ms: times.p50Ms }),
  };
}

function requireOptions({ requests, limits, concurrency, target }: PlanOptions): void {
  if (!(Number.isSafeInteger(requests) && requests >= 1 && requests <= REQUESTS_MAX))
    throw new KitError('invalid_input', `\`requests\` must be a whole number from 1 to ${REQUESTS_MAX}.`);
  requireLimits({ limits: { ...limits, ...(concurrency !== undefined && { concurrency }) } });
  const wanted = target === undefined ? 1 : 'perSecond' in target ? target.perSecond : target.withinMs;
  if (!(wanted > 0 && Number.isFinite(wanted))) throw new KitError('invalid_input', 'A target must be more than 0.');
}

function workloadOf({ tokens: { prompt, answer, answerMax }, latency }: PlanOptions): Workload {
  return { prompt, answer, latency, ...(answerMax && { answerMax }) };
}

function tokensOf({ tokensPerMinute = Number.POSITIVE_INFINITY }: Limits): number {
  return tokensPerMinute;
}

/** The bound of so many requests, from a sample of them: with limits that are smaller by as much it is the same. */
function boundOf(sample: Trace, requests: number, limits: Limits, given: number | undefined): LowerBound {
  const factor = requests / sample.length;
  const part = (limit: number | undefined) => (limit ?? Number.POSITIVE_INFINITY) / factor;
  const { requestsPerMinute, tokensPerMinute, concurrency } = limits;
  const parts = {
    requestsPerMinute: part(requestsPerMinute),
    tokensPerMinute: part(tokensPerMinute),
    concurrency: part(concurrency),
  };
  return lowerBound(sample, parts, given === undefined ? undefined : given / factor);
}

/** As many as keep the rates busy, but no more than may run or there are. */
function neededConcurrency(load: Load, limits: Limits, requests: number): number {
  const { concurrency: places = Number.POSITIVE_INFINITY, ...others } = limits;
  const paced = slowest(brakeRates(load, others));
  const needed = paced === undefined ? places : concurrencyFor(paced.perSecond, load);
  return Math.min(needed, places, requests);
}

/** What part of each limit is used on the average, the one that binds first. */
function used(
  rates: readonly BrakeRate[],
  { requests, load, minutes, ms }: { requests: number; load: Load; minutes: number; ms: number },
) {
  const parts: Readonly<Record<Brake, (limit: number) => number>> = {
    requests: (limit) => requests / minutes / limit,
    tokens: (limit) => (requests * load.tokens) / minutes / limit,
    concurrency: (limit) => (requests * load.latencyMs.mean) / ms / limit,
    'own-concurrency': (limit) => (requests * load.latencyMs.mean) / ms / limit,
  };
  return rates
    .map((rate) => ({ ...rate, used: Math.min(1, parts[rate.brake](rate.limit)) }))
    .sort((one, other) => one.perSecond - other.perSecond);
}
