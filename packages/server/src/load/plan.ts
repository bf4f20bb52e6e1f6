/** What a load sends when: an open loop, whose requests are due whatever the endpoint does, or a closed one. */

import type { TraceEntry } from './arrival-trace.js';
import { type ArrivalKind, arrivalTimes, durationOf, type Stage } from './arrivals.js';
import type { WantedLengths } from './request-mix.js';
import { randomFor } from './seeds.js';

/** A request that is due. */
export interface Arrival {
  /** In ms from the start. */
  readonly atMs: number;
  readonly lengths: WantedLengths | undefined;
}

interface PlanEnd {
  /** What is due before this is not measured, in ms from the start. */
  readonly warmUpMs: number;
  /** When the measured time is over, in ms from the start; Infinity when the number of requests ends it. */
  readonly endMs: number;
  /** The most requests that are measured. */
  readonly requestsMax: number;
}

export interface OpenPlan extends PlanEnd {
  readonly kind: 'open';
  readonly arrivals: Iterable<Arrival>;
  /** Requests beyond so many in flight are dropped. */
  readonly maxInFlight: number;
}

export interface ClosedPlan extends PlanEnd {
  readonly kind: 'closed';
  /** Requests that are in flight all the time. */
  readonly concurrency: number;
}

export type LoadPlan = OpenPlan | ClosedPlan;

export interface OpenOptions {
  readonly warmUpMs: number;
  readonly requestsMax?: number | undefined;
  readonly maxInFlight: number;
}

/** An open loop at the rates of some stages. The warm-up comes before them, at the rate that the first one begins with. */
export function planStages(
  stages: readonly Stage[],
  kind: ArrivalKind,
  seed: number,
  { warmUpMs, requestsMax = Number.POSITIVE_INFINITY, maxInFlight }: OpenOptions,
): OpenPlan {
  const rate = stages[0]?.fromPerSecond ?? 0;
  const warmUp = { fromPerSecond: rate, toPerSecond: rate, durationMs: warmUpMs };
  const all = warmUpMs > 0 ? [warmUp, ...stages] : stages;
  const arrivals = {
    *[Symbol.iterator]() {
      const times = arrivalTimes(all, kind, randomFor(seed, 'arrivals'));
      for (const atMs of times) yield { atMs, lengths: undefined };
    },
  };
  return { kind: 'open', arrivals, warmUpMs, endMs: durationOf(all), requestsMax, maxInFlight };
}

/** An open loop with the requests of a trace at their times. The warm-up is its first part. */
export function planTrace(
  entries: readonly TraceEntry[],
  { warmUpMs, requestsMax = Number.POSITIVE_INFINITY, maxInFlight, durationMs }: OpenOptions & { durationMs?: number },
): OpenPlan {
  const endMs = warmUpMs + (durationMs ?? Math.max(0, (entries.at(-1)?.atMs ?? 0) - warmUpMs));
  const arrivals = entries.filter(({ atMs }) => atMs <= endMs).map(({ atMs, ...lengths }) => ({ atMs, lengths }));
  return { kind: 'open', arrivals, warmUpMs, endMs, requestsMax, maxInFlight };
}
