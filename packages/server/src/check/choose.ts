/** Which cases a run has. */

import { type CheckCase, GROUPS, groupOf, type Profile } from './case.js';
import { ALL_CASES } from './cases/all.js';

export interface Choice {
  readonly profile: Profile;
  /** Whether cases that spend more are among them. */
  readonly deep: boolean;
  /** Groups and cases; with none, all. */
  readonly only?: readonly string[] | undefined;
  /** Groups and cases that are left out. */
  readonly skip?: readonly string[] | undefined;
}

/** The chosen cases, and how many more there would be with `deep`. */
export function chooseCases({ profile, deep, only = [], skip = [] }: Choice): { cases: CheckCase[]; deepLeft: number } {
  const isNamed = (rule: CheckCase, words: readonly string[]) =>
    words.includes(rule.id) || words.includes(groupOf(rule));
  const chosen = ALL_CASES.filter(
    (rule) => rule.profiles.includes(profile) && (only.length === 0 || isNamed(rule, only)) && !isNamed(rule, skip),
  );
  const cases = chosen.filter(({ cost }) => deep || cost !== 'deep');
  return { cases, deepLeft: chosen.length - cases.length };
}

/** The words that name neither a group nor a case. */
export function unknownNames(words: readonly string[]): string[] {
  const known = new Set<string>([...GROUPS, ...ALL_CASES.map(({ id }) => id)]);
  return words.filter((word) => !known.has(word));
}
