/** What an operator sees of a pool: a snapshot in plain values, without addresses and keys. */
import type { FailureCause } from '../engine.js';
import type { EngineKind } from '../pool-settings.js';
import type { LatencyQuantiles } from './latencies.js';
import type { Member, MemberCondition } from './member.js';

export interface PoolState {
  readonly name: string;
  readonly choose: 'least-outstanding' | 'prefix-affinity';
  /** How many requests wait for a place. */
  readonly waiting: number;
  /** Those that are leaving and still work come last; they can have the name of another. */
  readonly engines: readonly EngineState[];
}

export interface EngineState {
  readonly name: string;
  readonly kind: EngineKind;
  readonly condition: MemberCondition;
  readonly weight: number;
  readonly priority: number;
  readonly concurrentRequests: number;
  /** Requests that it works on, and the tokens that are expected of them. */
  readonly outstanding: number;
  readonly outstandingTokens: number;
  readonly contextTokens: number | undefined;
  /** Requests that it was given, and those that failed, by cause; since it is a member. */
  readonly requests: number;
  readonly failures: Readonly<Record<FailureCause, number>>;
  /** The share of failures of the engine among what ended in the last 30 s; 0 to 1. */
  readonly failingShare: number;
  readonly promptTokens: number;
  readonly cacheHitTokens: number;
  /** Of its last 512 answers, in ms. */
  readonly firstEventMs: LatencyQuantiles;
  readonly durationMs: LatencyQuantiles;
  /** In how many ms it will take requests by itself, while it does not and that is known. */
  readonly upAgainInMs: number | undefined;
  /** Whether it refuses the operator. */
  readonly isAlarmRaised: boolean;
  /** What the last probe found. */
  readonly healthDetail: string | undefined;
}

export function describeMember(member: Member, now: number): EngineState {
  const { firstEvent, duration } = member.latencies;
  return {
    name: member.name,
    kind: member.settings.kind,
    condition: member.condition,
    weight: member.weight,
    priority: member.priority,
    concurrentRequests: member.limit,
    outstanding: member.outstanding,
    outstandingTokens: member.outstandingTokens,
    contextTokens: member.contextTokens,
    requests: member.requests,
    failures: { ...member.failures },
    failingShare: member.breaker.failingShare,
    promptTokens: member.promptTokens,
    cacheHitTokens: member.cacheHitTokens,
    firstEventMs: firstEvent,
    durationMs: duration,
    upAgainInMs: member.upAgainAt === undefined ? undefined : member.upAgainAt - now,
    isAlarmRaised: member.breaker.isAlarmRaised,
    healthDetail: member.health?.detail,
  };
}
