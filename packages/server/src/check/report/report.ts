/** What a run has found, as every kind of report has it. */
import { type CaseResult, GROUPS, type Group, type Outcome, type Profile } from '../case.js';
import type { Spent } from '../session.js';

export interface Report {
  readonly endpoint: string;
  readonly profile: Profile;
  readonly model: string;
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly durationMs: number;
  readonly spent: Readonly<Spent>;
  /** How many more cases there would have been with `--deep`. */
  readonly deepLeft: number;
  readonly results: readonly CaseResult[];
}

export const OUTCOMES = ['pass', 'fail', 'warn', 'skip'] as const satisfies readonly Outcome[];

/** How many cases ended in each way. */
export type Counts = Readonly<Record<Outcome, number>>;

export function countOutcomes(results: readonly CaseResult[]): Counts {
  const count = (outcome: Outcome) => results.filter((result) => result.outcome === outcome).length;
  return { pass: count('pass'), fail: count('fail'), warn: count('warn'), skip: count('skip') };
}

/** The groups that have results, with them. */
export function byGroup(results: readonly CaseResult[]): [group: Group, results: CaseResult[]][] {
  return GROUPS.map((group): [Group, CaseResult[]] => [
    group,
    results.filter((result) => result.group === group),
  ]).filter(([, own]) => own.length > 0);
}

/** What was spent, in words. */
export function describeSpent({ spent, durationMs }: Report): string {
  const number = (value: number) => value.toLocaleString('en-US');
  return (
    `${number(spent.requests)} requests, ${number(spent.promptTokens)} tokens of prompts and ` +
    `${number(spent.completionTokens)} of answers, ${(durationMs / 1000).toFixed(1)} s`
  );
}
