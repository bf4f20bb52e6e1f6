/** Whether a request is answered with reasoning first. */
import type { ChatRequest } from '@plumb/wire';
import type { ModelEntry } from './model-entry.js';

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
