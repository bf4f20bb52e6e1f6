/** Whether a request is answered with reasoning first, and with how much. */
import type { ChatRequest, ReasoningEffort } from '@plumb/wire';
import type { ModelEntry } from './model-entry.js';

/** The levels of effort that there are. */
export const EFFORT_LEVELS = ['low', 'high', 'max'] as const;

/** The level of a request that names none. */
export const DEFAULT_EFFORT = 'high';

/** The parts of a request that say whether to think. */
export type ThinkingWish = Pick<ChatRequest, 'thinking' | 'reasoning_effort'>;

/**
 * Decides whether reasoning precedes the answer: `thinking` wins over `reasoning_effort` (`none` is off, every other
 * level is on), which wins over the default of the model. Contract section 7.
 */
export function decideThinking(model: Pick<ModelEntry, 'thinking'>, request: ThinkingWish): boolean {
  const { thinking, reasoning_effort: effort } = request;
  if (thinking !== undefined && thinking !== null) return thinking.type !== 'disabled';
  if (effort !== undefined && effort !== null) return effort !== 'none';
  return model.thinking === 'enabled';
}

/** What each word of a request means (contract section 7). With `none` nothing is thought. */
const MEANINGS: Readonly<Record<ReasoningEffort, (typeof EFFORT_LEVELS)[number]>> = {
  none: DEFAULT_EFFORT,
  minimal: 'low',
  low: 'low',
  medium: 'high',
  high: 'high',
  xhigh: 'high',
  max: 'max',
  ultra: 'max',
};

/** How much is thought where something is. */
export function decideEffort({ reasoning_effort: effort }: ThinkingWish): (typeof EFFORT_LEVELS)[number] {
  return MEANINGS[effort ?? DEFAULT_EFFORT];
}
