/** A plan for programs: one object, units in the names, money as text. */
import { formatMoney, type Limits } from '@plumb/client';
import type { CostRange, KnownTier, Plan, Spread, TargetPlan } from '@plumb/client/plan';
import type { Origins } from './plan-text.js';

export function describePlan(plan: Plan, { requests: planned, answers, limits }: Origins): object {
  const { load, throughput, time, concurrency, cost, target } = plan;
  return {
    requests: plan.requests,
    models: Object.fromEntries([...planned.models].map(([id, { requests }]) => [id, requests])),
    prompt_tokens: { ...roundSpread(load.prompt), origin: planned.origin },
    completion_tokens: { ...roundSpread(load.answer), origin: answers.tokensOrigin },
    total_tokens: Math.round(load.totalTokens),
    latency_ms: { ...roundSpread(load.latencyMs), origin: answers.latencyOrigin },
    limits_origin: limits,
    limits: Object.fromEntries(
      plan.rates.map(({ brake, limit, perSecond, used }) => [
        brake.replace('-', '_'),
        { limit, requests_per_second_max: perSecond, used },
      ]),
    ),
    binding: throughput.brake?.replace('-', '_') ?? null,
    requests_per_second_max: finite(throughput.perSecond),
    requests_per_minute: throughput.requestsPerMinute,
    tokens_per_minute: Math.round(throughput.tokensPerMinute),
    time_ms: { least: Math.round(time.least.ms), p50: Math.round(time.p50Ms), p95: Math.round(time.p95Ms) },
    simulated: { runs: time.runs, requests: time.playedRequests },
    concurrency: concurrency.needed,
    oversized: plan.oversized,
    cost:
      cost === undefined
        ? null
        : {
            currency: cost.currency,
            now: { peak: cost.isPeak, ...describeRange(cost.now) },
            later: cost.later && { from: new Date(cost.later.from).toISOString(), ...describeRange(cost.later.range) },
          },
    target: target === undefined ? null : describeTarget(target),
  };
}

function roundSpread({ mean, p50, p95 }: Spread) {
  return { mean: Math.round(mean * 10) / 10, p50: Math.round(p50), p95: Math.round(p95) };
}

function describeRange({ least, expected, most }: CostRange) {
  const money = (amount: bigint | undefined) => (amount === undefined ? null : formatMoney(amount));
  return { least: money(least), expected: money(expected), most: money(most) };
}

function describeTarget({ perSecond, isReached, isPossible, neededLimits, tiers }: TargetPlan) {
  return {
    requests_per_second: perSecond,
    reached: isReached,
    possible: isPossible,
    needed: describeLimits(neededLimits),
    tiers: tiers.map((tier) => ({
      name: tier.name,
      enough: tier.isEnough,
      requests_per_second_max: finite(tier.perSecond),
      time_ms: tier.ms === undefined ? null : Math.round(tier.ms),
      ...describeTier(tier),
    })),
  };
}

function describeTier({ limits }: KnownTier) {
  return { limits: describeLimits(limits) };
}

function describeLimits({ requestsPerMinute, tokensPerMinute, concurrency }: Limits) {
  return {
    requests_per_minute: requestsPerMinute ?? null,
    tokens_per_minute: tokensPerMinute ?? null,
    concurrency: concurrency ?? null,
  };
}

/** JSON has no Infinity. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
