/** What a good answer is: limits on its times. Only answers that keep all of them are goodput. */
import type { Latencies } from './sample.js';

export type ObjectiveMetric = 'ttfb' | 'ttft' | 'tpot' | 'e2e';

export interface ObjectiveLimit {
  readonly metric: ObjectiveMetric;
  /** What the time must be below, in ms. */
  readonly belowMs: number;
}

export type Objective = readonly ObjectiveLimit[];

const TERM = /^(ttfb|ttft|tpot|e2e)\s*<\s*(\d+(?:\.\d+)?)\s*(us|ms|s|m)$/;
const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Reads `ttft<500ms,tpot<50ms,e2e<10s`. @throws RangeError with a sentence for people. */
export function readObjective(text: string): Objective {
  const limits = text.split(',').map((term): ObjectiveLimit => {
    const [, metric, amount, unit = ''] = TERM.exec(term.trim()) ?? [];
    if (metric === undefined) throw new RangeError(FORM);
    return { metric: metric as ObjectiveMetric, belowMs: Number(amount) * (UNITS_MS[unit] ?? 1) };
  });
  if (new Set(limits.map(({ metric }) => metric)).size < limits.length) {
    throw new RangeError('It names the same time twice, and only one limit can be meant.');
  }
  return limits;
}

const FORM = 'It must be limits on ttfb, ttft, tpot and e2e, such as ttft<500ms,tpot<50ms,e2e<10s.';

/**
 * Whether a whole answer is as it should be. A time that it does not have, such as that of the first token of a buffered
 * one, breaks no limit.
 */
export function meetsObjective(objective: Objective, latencies: Latencies): boolean {
  return objective.every(({ metric, belowMs }) => {
    const time = latencies[metric];
    return time === undefined || time < belowMs;
  });
}

/** As it was written, in the units that fit. */
export function describeObjective(objective: Objective): string {
  const amount = (ms: number) => (ms >= 1000 ? `${ms / 1000}s` : `${ms}ms`);
  return objective.map(({ metric, belowMs }) => `${metric}<${amount(belowMs)}`).join(',');
}
