/** Counts the tokens of a prompt, or of inputs, on one of several members: on one that counts exactly, if there is any. */
import { isApiError } from '@plumb/wire';
import type { MaybePromise } from '../../limits/maybe-promise.js';
import type { Engine } from '../engine.js';
import type { Member } from './member.js';

/** How many members are asked at the most. */
const MEMBERS_ASKED_MAX = 3;

/**
 * Asks one member after the other while they fail, and rejects with the error of the last; an error below 500 is the
 * prompt's own and ends it. There must be at least one member.
 */
export function countTokens(
  members: readonly Member[],
  count: (engine: Engine) => MaybePromise<number>,
): MaybePromise<number> {
  // Nobody has to wait for one that knows at once.
  const [only] = members;
  if (members.length === 1 && only !== undefined) return count(only.engine);
  return countOnOne(members, count);
}

async function countOnOne(
  members: readonly Member[],
  count: (engine: Engine) => MaybePromise<number>,
): Promise<number> {
  const order = members.toSorted((one, other) => effortOf(one) - effortOf(other)).slice(0, MEMBERS_ASKED_MAX);
  let lastError: unknown;
  for (const { engine } of order) {
    try {
      return await count(engine);
    } catch (error) {
      if (isApiError(error) && error.status < 500) throw error;
      lastError = error;
    }
  }
  throw lastError;
}

/** Those that count exactly first, and of equals the one that has least to do. */
function effortOf({ description, outstandingTokens }: Member): number {
  const isExact = description !== undefined && description.estimatesPrompts !== true;
  return outstandingTokens + (isExact ? 0 : Number.MAX_SAFE_INTEGER / 2);
}
