/** Puts together what several workers see of the same pools. */
import type { FailureCause } from '../../engines/engine.js';
import type { LatencyQuantiles } from '../../engines/pool/latencies.js';
import type { MemberCondition } from '../../engines/pool/member.js';
import type { EngineState, PoolState } from '../../engines/pool/pool-state.js';

/** What is said of an engine when its workers see different things: the trouble of one of them; full only when it is for all. */
const CONDITIONS: readonly MemberCondition[] = [
  ...(['refused', 'open', 'half-open', 'away', 'resting', 'draining'] as const),
  ...(['up', 'full'] as const),
];

/**
 * Counts and places are added up. Of what cannot be added, the share of failures and the quantiles, the highest is shown:
 * no worker is worse off than that.
 */
export function mergePoolStates(workers: readonly (readonly PoolState[])[]): PoolState[] {
  const merged = new Map<string, PoolState>();
  for (const state of workers.flat()) {
    const known = merged.get(state.name);
    merged.set(state.name, known === undefined ? state : addPools(known, state));
  }
  return [...merged.values()];
}

function addPools(one: PoolState, other: PoolState): PoolState {
  const engines = new Map(one.engines.map((engine, index) => [nameOf(one, index), engine]));
  for (const [index, engine] of other.engines.entries()) {
    const name = nameOf(other, index);
    const known = engines.get(name);
    engines.set(name, known === undefined ? engine : addEngines(known, engine));
  }
  return { ...one, waiting: one.waiting + other.waiting, engines: [...engines.values()] };
}

/** One that is leaving can have the name of another, and comes after it. */
function nameOf({ engines }: PoolState, index: number): string {
  const { name } = engines[index]!;
  return `${name} ${engines.slice(0, index).filter((earlier) => earlier.name === name).length}`;
}

function addEngines(one: EngineState, other: EngineState): EngineState {
  const isFirstWorse = CONDITIONS.indexOf(one.condition) <= CONDITIONS.indexOf(other.condition);
  return {
    ...one,
    condition: isFirstWorse ? one.condition : other.condition,
    concurrentRequests: one.concurrentRequests + other.concurrentRequests,
    outstanding: one.outstanding + other.outstanding,
    outstandingTokens: one.outstandingTokens + other.outstandingTokens,
    contextTokens: one.contextTokens ?? other.contextTokens,
    requests: one.requests + other.requests,
    failures: addFailures(one.failures, other.failures),
    failingShare: Math.max(one.failingShare, other.failingShare),
    promptTokens: one.promptTokens + other.promptTokens,
    cacheHitTokens: one.cacheHitTokens + other.cacheHitTokens,
    firstEventMs: highestQuantiles(one.firstEventMs, other.firstEventMs),
    durationMs: highestQuantiles(one.durationMs, other.durationMs),
    upAgainInMs: highest(one.upAgainInMs, other.upAgainInMs),
    isAlarmRaised: one.isAlarmRaised || other.isAlarmRaised,
    healthDetail: (isFirstWorse ? one : other).healthDetail ?? one.healthDetail ?? other.healthDetail,
  };
}

function addFailures(one: EngineState['failures'], other: EngineState['failures']): EngineState['failures'] {
  const causes = Object.keys(one) as FailureCause[];
  const sums = causes.map((cause) => [cause, one[cause] + other[cause]] as const);
  return Object.fromEntries(sums) as EngineState['failures'];
}

function highestQuantiles(one: LatencyQuantiles, other: LatencyQuantiles): LatencyQuantiles {
  return { p50: highest(one.p50, other.p50), p95: highest(one.p95, other.p95) };
}

function highest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
