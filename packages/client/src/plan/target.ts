/** What it takes to reach a target: the limits, and which of the known sets of limits have them. */
import type { Limits } from '../limiter/limiter.js';
import { forecast } from './forecast.js';
import { type Brake, brakeRates, type Load, limitsFor, slowest } from './throughput.js';
import type { Workload } from './workload.js';

/** A rate in requests a second, or a time in ms in which everything should be done. */
export type Target = { readonly perSecond: number } | { readonly withinMs: number };

/** Limits that can be had under a name. */
export interface KnownTier {
  readonly name: string;
  readonly limits: Limits;
}

export interface TargetPlan {
  readonly target: Target;
  /** The rate that it comes to, in requests a second. */
  readonly perSecond: number;
  readonly isReached: boolean;
  /** False where no limits help: a single answer takes longer than there is time. */
  readonly isPossible: boolean;
  readonly neededLimits: Required<Limits>;
  readonly tiers: readonly TierVerdict[];
}

export interface TierVerdict extends KnownTier {
  readonly isEnough: boolean;
  /** Requests a second at most; Infinity where nothing limits them. */
  readonly perSecond: number;
  readonly brake: Brake | undefined;
  /** How long everything takes, in ms, where the target is a time. */
  readonly ms?: number;
}

export interface TargetOptions {
  readonly requests: number;
  readonly workload: Workload;
  readonly load: Load;
  readonly target: Target;
  readonly tiers: readonly KnownTier[];
}

/** @param reached What the limits of now reach. */
export function planTarget(
  { requests, workload, load, target, tiers }: TargetOptions,
  reached: { readonly perSecond: number; readonly ms: number },
): TargetPlan {
  const isRate = 'perSecond' in target;
  const leftMs = isRate ? Number.POSITIVE_INFINITY : target.withinMs - load.latencyMs.p95;
  const isPossible = leftMs > 0;
  const perSecond = isRate ? target.perSecond : requests / (Math.max(leftMs, 1) / 1000);
  const needed = limitsFor(perSecond, load);
  return {
    target,
    perSecond,
    isReached: isRate ? reached.perSecond >= perSecond : reached.ms <= target.withinMs,
    isPossible,
    neededLimits: isRate ? needed : atMost(needed, requests, load),
    tiers: tiers.map((tier) => judge(tier, { requests, workload, load, target, tiers })),
  };
}

/** What all requests need together is enough, however little time there is. */
function atMost(needed: Required<Limits>, requests: number, { tokens, idleTokens }: Load): Required<Limits> {
  return {
    requestsPerMinute: Math.min(needed.requestsPerMinute, requests),
    tokensPerMinute: Math.min(needed.tokensPerMinute, Math.ceil(requests * (tokens + idleTokens))),
    concurrency: Math.min(needed.concurrency, requests),
  };
}

function judge(tier: KnownTier, { requests, workload, load, target }: TargetOptions): TierVerdict {
  if (Object.values(tier.limits).some((limit) => limit < 1))
    return { ...tier, isEnough: false, perSecond: 0, brake: undefined };
  const binding = slowest(brakeRates(load, tier.limits));
  const rate = { perSecond: binding?.perSecond ?? Number.POSITIVE_INFINITY, brake: binding?.brake };
  if ('perSecond' in target) return { ...tier, ...rate, isEnough: rate.perSecond >= target.perSecond };
  const ms = forecast({ requests, workload, limits: tier.limits, runs: 1 }).p50Ms;
  return { ...tier, ...rate, ms, isEnough: ms <= target.withinMs };
}
