/** What is sent to which limits: traces from a seed, the same for everybody. */
import type { EndpointBehaviour } from '#client/plan/simulated-endpoint.js';
import { type Job, seededRandom, type Trace } from '#client/plan/trace.js';
import type { Hints } from './client/settings.js';

/** Requests that any client has under way at the most. */
export const CLIENT_CONCURRENCY = 100;

/** Limits of the server; what is left out is not limited. */
export interface ScenarioLimits {
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
}

export interface Scenario {
  readonly name: string;
  /** What a reader is told. */
  readonly title: string;
  readonly limits: ScenarioLimits;
  /** Whether those who can be told limits are told them; a limit that moves with a balance nobody knows. */
  readonly isTold: boolean;
  readonly trace: (random: () => number) => Trace;
  /** How many processes share the key, each with its part of the trace and without knowing of the others. Default: 1. */
  readonly processes?: number;
  /** When the engine answers 503, in ms from the beginning. */
  readonly outage?: readonly [from: number, until: number];
  /** What else than everything and no numbers is tried, for those who read what a refusal says. */
  readonly furtherHints?: readonly Hints[];
}

const MINUTE_MS = 60_000;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'requests',
    title: '600 jobs, 300 requests a minute',
    limits: { requestsPerMinute: 300 },
    isTold: true,
    trace: (random) => jobsOf(600, random),
    furtherHints: ['silent'],
  },
  {
    name: 'tokens',
    title: '280 jobs of about 950 tokens, 150,000 tokens and 300 requests a minute',
    limits: { requestsPerMinute: 300, tokensPerMinute: 150_000 },
    isTold: true,
    trace: (random) => jobsOf(280, random, longJob),
    furtherHints: ['silent'],
  },
  {
    name: 'concurrency',
    title: '400 jobs, 39 at a time',
    limits: { concurrency: 39 },
    isTold: true,
    trace: (random) => jobsOf(400, random),
  },
  {
    name: 'concurrency-unknown',
    title: '400 jobs, 39 at a time, which nobody knows',
    limits: { concurrency: 39 },
    isTold: false,
    trace: (random) => jobsOf(400, random),
    furtherHints: ['deepseek-text', 'silent'],
  },
  {
    name: 'bursts',
    title: '300 jobs at 45 s and 300 at 62 s, 300 requests a minute',
    limits: { requestsPerMinute: 300 },
    isTold: true,
    trace: (random) => [...jobsOf(300, random, shortJob, 45_000), ...jobsOf(300, random, shortJob, 62_000)],
  },
  {
    name: 'two-processes',
    title: 'two processes with 300 jobs each on one key, 300 requests a minute',
    limits: { requestsPerMinute: 300 },
    isTold: true,
    trace: (random) => jobsOf(600, random),
    processes: 2,
  },
  {
    name: 'outage',
    title: '600 jobs, 39 at a time, 1,200 requests a minute, nothing but 503 from 10 to 40 s',
    limits: { concurrency: 39, requestsPerMinute: 1200 },
    isTold: true,
    trace: (random) => jobsOf(600, random),
    outage: [10_000, 40_000],
  },
];

/** The trace of a seed. */
export function traceOf(scenario: Scenario, seed: number): Trace {
  return scenario.trace(seededRandom(seed));
}

/** What the best possible client is up against, for the oracle. */
export function behaviourOf({ limits, outage, processes = 1 }: Scenario): EndpointBehaviour {
  const concurrency = Math.min(limits.concurrency ?? Number.POSITIVE_INFINITY, CLIENT_CONCURRENCY * processes);
  return { limits: { ...limits, concurrency }, charge: 'reserved', ...(outage && { outages: [outage] }) };
}

/** The parts of the jobs that several processes get: they take turns. */
export function partsOf<Item>(jobs: readonly Item[], processes: number): Item[][] {
  return Array.from({ length: processes }, (_, part) => jobs.filter((_job, index) => index % processes === part));
}

type Draw = (random: () => number) => Omit<Job, 'at'>;

function jobsOf(count: number, random: () => number, draw: Draw = shortJob, at = 0): Job[] {
  return Array.from({ length: count }, () => ({ at, ...draw(random) }));
}

const shortJob: Draw = (random) => ({ promptTokens: 60, answerTokens: 40, durationMs: drawDuration(random) });

const longJob: Draw = (random) => ({
  promptTokens: Math.round(drawLognormal(random, 500, 0.5)),
  answerTokens: Math.min(1000, Math.round(drawLognormal(random, 350, 0.5))),
  answerTokensMax: 1000,
  durationMs: drawDuration(random),
});

/** Two seconds at the median. */
function drawDuration(random: () => number): number {
  return Math.min(MINUTE_MS, Math.round(drawLognormal(random, 2000, 0.4)));
}

function drawLognormal(random: () => number, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}
