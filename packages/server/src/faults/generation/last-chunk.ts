/** The end of an answer that its engine gives up for lack of resources (contract section 3.4). */
import { type ChatChunk, encodeEvent } from '@plumb/wire';
import type { GenerationEnd } from '../../engines/engine.js';

const REASON = 'insufficient_system_resource';

/** Ends with what was produced until then. `next` is the data of the chunk in whose place it ends. */
export function endForLackOfResources(end: GenerationEnd, next: string | undefined): GenerationEnd {
  const { usage } = end;
  if (next === undefined) return { usage, finishReason: REASON };
  const chunk = JSON.parse(next) as ChatChunk;
  const last: ChatChunk = {
    ...chunk,
    choices: [{ index: 0, delta: { content: '' }, logprobs: null, finish_reason: REASON }],
    usage,
  };
  return { usage, finishReason: REASON, lastEvents: Buffer.from(encodeEvent(JSON.stringify(last))) };
}
