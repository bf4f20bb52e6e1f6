/** What a pool says of itself: what those of its members have in common that work. It is asked for every request. */
import type { EngineDescription } from '../engine.js';
import type { Member } from './member.js';

/**
 * The smallest context that is known, and what all that say anything of themselves can do; undefined while none works.
 *
 * @param pool The name of the pool, for a model that no member names.
 */
export function describeMembers(members: readonly Member[], pool: string): EngineDescription | undefined {
  let isAnyWell = false;
  let modelName: string | undefined;
  let contextTokens: number | undefined;
  let [estimatesPrompts, completesTexts, hasEffortLevels] = [false, true, true];
  for (const member of members) {
    if (!member.isWell) continue;
    isAnyWell = true;
    contextTokens = smaller(contextTokens, member.contextTokens);
    const { description } = member;
    if (description === undefined) continue;
    modelName ??= description.modelName;
    estimatesPrompts ||= description.estimatesPrompts === true;
    completesTexts &&= description.completesTexts === true;
    hasEffortLevels &&= description.hasEffortLevels === true;
  }
  if (!isAnyWell) return undefined;
  return { modelName: modelName ?? pool, contextTokens, estimatesPrompts, completesTexts, hasEffortLevels };
}

/** Of two numbers that may not be known. */
function smaller(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
