/** From a completion request to what engines take: the settings of a chat, and a text instead of its messages. */
import type { ChatRequest, CompletionRequest } from '@plumb/wire';
import type { TextPrompt } from '../../engines/engine.js';

export interface ReadCompletion {
  /** Without messages. */
  readonly request: ChatRequest;
  readonly text: TextPrompt;
}

export function readCompletion(completion: CompletionRequest): ReadCompletion {
  const { prompt, suffix, echo: _echo, logprobs, ...settings } = completion;
  const reported = typeof logprobs === 'number' ? { logprobs: true, top_logprobs: logprobs } : {};
  return {
    request: { ...settings, ...reported, messages: [] },
    // An empty suffix is what clients send whose cursor is at the end of a file.
    text: suffix ? { prompt, suffix } : { prompt },
  };
}
