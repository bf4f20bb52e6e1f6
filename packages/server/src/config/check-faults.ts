/** Finds rules for faults that have the right form and cannot be meant. */
import { findRuleProblems } from '../faults/check-rule.js';
import { HEADER_RULE } from '../faults/read-fault-header.js';
import type { Settings } from './settings.js';

/** One sentence for each problem; empty when all rules can be used. */
export function findFaultProblems({ faults, models }: Settings): string[] {
  return Object.entries(faults.rules).flatMap(([name, rule]) => {
    const path = `faults.rules.${name}`;
    const taken =
      name === HEADER_RULE ? [`\`${path}\` has the name of what requests ask for themselves: use another`] : [];
    return [...taken, ...findRuleProblems(rule, models, (setting) => `${path}.${setting}`)];
  });
}
