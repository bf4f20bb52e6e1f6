/** A plan for people. */
import { formatMoney } from '@plumb/client';
import {
  type Cost,
  type CostRange,
  OPEN_WITHOUT_LIMITS,
  type Plan,
  type Spread,
  type TargetPlan,
} from '@plumb/client/plan';
import { formatCount, formatDuration } from '../number-format.js';
import type { Answers } from './answers.js';
import { BRAKE_NAMES, formatRate, type Mark, renderCourse, renderLimits } from './picture.js';
import type { PlannedRequests } from './requests.js';
import { renderRow, type Screen } from './screen.js';

/** Where the numbers of a plan come from. */
export interface Origins {
  readonly input: string | undefined;
  readonly requests: PlannedRequests;
  readonly answers: Answers;
  readonly limits: string;
}

export interface Marks {
  readonly bold: Mark;
  readonly yellow: Mark;
}

export function renderPlan(plan: Plan, origins: Origins, screen: Screen, { bold, yellow }: Marks): string {
  const rows = (list: readonly (readonly [string, string])[]) =>
    list.map(([name, text]) => renderRow(name, text, screen.columns)).join('\n');
  const parts = [
    rows(describeRequests(plan, origins)),
    `${bold(`Limits, ${origins.limits}`)}\n${renderLimits(plan, screen, yellow) || 'none'}`,
    `${bold('Done over time')}\n${renderCourse(plan.course, screen)}`,
    rows([
      ['time', describeTime(plan)],
      ['throughput', describeThroughput(plan)],
      ['at once', describeConcurrency(plan)],
      ...(plan.oversized === 0 ? [] : [['too large', describeOversized(plan)] as const]),
      ['cost', describeCost(plan.cost)],
    ]),
  ];
  if (plan.target !== undefined) parts.push(rows(describeTarget(plan.target)));
  return parts.join('\n\n');
}

function describeRequests(
  { requests, load }: Plan,
  { input, requests: planned, answers }: Origins,
): [string, string][] {
  const models = [...planned.models].map(([id, totals]) => `${id} (${formatCount(totals.requests)})`);
  const first = planned.models.keys().next().value ?? '';
  const named = models.length === 0 ? '' : ` to ${models.length === 1 ? first : models.join(', ')}`;
  return [
    ['requests', `${formatCount(requests)}${named}${input === undefined ? '' : ` from ${input}`}`],
    ['tokens in', `${describeSpread(load.prompt, requests)}; ${planned.origin}`],
    ['tokens out', `${describeSpread(load.answer, requests)}; ${answers.tokensOrigin}`],
    ['answers', `take ${seconds(load.latencyMs.p50)} (95 %: ${seconds(load.latencyMs.p95)}); ${answers.latencyOrigin}`],
  ];
}

function describeSpread({ mean, p50, p95 }: Spread, requests: number): string {
  const each =
    p50 === p95 ? formatCount(mean) : `${formatCount(mean)} (p50 ${formatCount(p50)}, p95 ${formatCount(p95)})`;
  return `${each} each, ${formatCount(mean * requests)} in all`;
}

function describeTime({ time, requests }: Plan): string {
  const { least, p50Ms, p95Ms, runs, playedRequests } = time;
  const held = least.brake === undefined ? '' : `, because of ${HOLDERS[least.brake]}`;
  const played = playedRequests === requests ? '' : `, each with ${formatCount(playedRequests)} that stand for all`;
  return (
    `${formatDuration(p50Ms)} (95 %: ${formatDuration(p95Ms)}), no less than ${formatDuration(least.ms)}${held}; ` +
    `${runs} simulated runs${played}`
  );
}

const HOLDERS = {
  requests: 'the limit on requests',
  tokens: 'the limit on tokens',
  concurrency: 'the limit on requests at once',
  'own-concurrency': 'your --concurrency',
} as const;

function describeThroughput({ throughput }: Plan): string {
  const { perSecond, brake, requestsPerMinute, tokensPerMinute } = throughput;
  const most = brake === undefined ? 'no limit' : `at most ${formatRate(perSecond)}, because of ${HOLDERS[brake]}`;
  return `${formatCount(requestsPerMinute)} requests and ${formatCount(tokensPerMinute)} tokens a minute; ${most}`;
}

function describeConcurrency({ concurrency: { needed, given }, throughput }: Plan): string {
  if (given !== undefined && given < needed)
    return `${given}, but ${needed} would use the limits up: --concurrency ${needed}`;
  if (throughput.brake === undefined) return `up to ${formatCount(needed)}: nothing limits them`;
  return `${formatCount(needed)} ${needed === 1 ? 'uses' : 'use'} the limits up (${formatRate(throughput.perSecond)} x p95 of the answers)`;
}

function describeOversized({ oversized, requests }: Plan): string {
  return (
    `about ${formatCount(Math.min(oversized, requests))} requests need more tokens than a minute allows, max_tokens ` +
    'included: they will be refused for good'
  );
}

function describeCost(cost: Cost | undefined): string {
  if (cost === undefined) return 'unknown: there are no prices for every model (--prices)';
  const { now, later, isPeak, currency } = cost;
  const times = later === undefined ? '' : isPeak ? ' in the peak hours of now' : ' in the cheaper hours of now';
  const then =
    later === undefined ? '' : `; ${describeRange(later.range, currency)} from ${formatHour(later.from)} UTC on`;
  return `${describeRange(now, currency)}${times}${then}`;
}

function describeRange({ least, expected = least, most }: CostRange, currency: string): string {
  const range = most === undefined ? `${round(least)} or more` : `${round(least)} to ${round(most)}`;
  return `about ${round(expected)} ${currency} (${range})`;
}

function describeTarget(target: TargetPlan): [string, string][] {
  const { perSecond, isReached, isPossible, neededLimits, tiers } = target;
  const wanted =
    'withinMs' in target.target ? `done in ${formatDuration(target.target.withinMs)}` : formatRate(perSecond);
  if (!isPossible) return [['target', `${wanted} cannot be: one answer takes longer`]];
  const { requestsPerMinute, tokensPerMinute, concurrency } = neededLimits;
  const needs = `${formatCount(requestsPerMinute)} requests/min, ${formatCount(tokensPerMinute)} tokens/min, ${formatCount(concurrency)} at once`;
  return [
    ['target', `${wanted}: ${isReached ? 'reached' : 'not reached'} with these limits`],
    ['it needs', needs],
    ...tiers.map(({ name, isEnough, perSecond: most, brake, ms }, index): [string, string] => {
      const open = ms === undefined ? '' : ` with ${OPEN_WITHOUT_LIMITS} at once`;
      const reached = ms === undefined ? formatRate(most) : formatDuration(ms);
      const because = brake === undefined ? open : isEnough ? '' : `, because of ${BRAKE_NAMES[brake]}`;
      return [index === 0 ? 'tiers' : '', `${name}: ${reached}${because}, ${isEnough ? 'enough' : 'not enough'}`];
    }),
  ];
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}

function formatHour(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** Cents where it is more than one, three digits otherwise. */
function round(amount: bigint): string {
  const unit = amount >= 1_000_000_000n ? 10_000_000n : amount >= 10_000_000n ? 1_000_000n : 1000n;
  return formatMoney(((amount + unit / 2n) / unit) * unit);
}
