/**
 * An answer that came as a whole and says nothing but its texts: what translating it would give is written at once.
 * Whatever is not certain to be one is translated.
 */
import type { ChatResponse, FinishReason, ResponseMessage, Usage } from '@plumb/wire';
import type { GenerationJob } from '../engine.js';
import { type ChunkContent, FINISH_ERROR } from './read-chunk.js';

/** Whether it is one. */
export function isPlainAnswer(
  { reasoning, content, toolCalls, finishReason }: ChunkContent,
  { request }: GenerationJob,
): boolean {
  if (finishReason === undefined || finishReason === FINISH_ERROR || toolCalls.length > 0) return false;
  return request.logprobs !== true && !content.includes('<') && !reasoning.includes('<');
}

/** Without calls there is no other reason to end for them. */
export function finishOfPlain({ finishReason }: ChunkContent): FinishReason {
  return finishReason === undefined || finishReason === FINISH_ERROR || finishReason === 'tool_calls'
    ? 'stop'
    : finishReason;
}

/** The answer in the words of the contract; reasoning that nobody asked for has no place in it. */
export function writePlainAnswer(
  { id, created, model, thinking }: GenerationJob,
  answer: ChunkContent,
  fingerprint: string,
  usage: Usage,
): ChatResponse {
  const { reasoning, content } = answer;
  const message: ResponseMessage = thinking
    ? { role: 'assistant', content, reasoning_content: reasoning }
    : { role: 'assistant', content };
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOfPlain(answer) }],
    usage,
    system_fingerprint: fingerprint,
  };
}
