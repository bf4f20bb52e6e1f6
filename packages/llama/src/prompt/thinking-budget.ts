/** How many reasoning tokens each level of effort allows a model that was not trained to think. */
import type { EffortLevel } from '../link/index.js';

/** Against the budget of the settings, which is that of `high`. */
const SHARES: Readonly<Record<EffortLevel, number>> = { low: 1 / 4, high: 1, max: 4 };

/** @param highTokens The budget of `high`. */
export function thinkingBudget(highTokens: number, effort: EffortLevel = 'high'): number {
  return Math.ceil(highTokens * SHARES[effort]);
}
