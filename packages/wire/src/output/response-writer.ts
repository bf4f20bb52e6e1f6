/**
 * Writes the same generation as `ChunkWriter` does, but into one buffered answer: for whoever asked for no stream, pieces
 * need not become events first.
 */
import type { ChatChunk, ChunkChoice, Delta, DeltaToolCall } from '../chat/chunk.js';
import type { Logprobs } from '../chat/logprobs.js';
import type { ChatResponse, FinishReason } from '../chat/response.js';
import type { Usage } from '../chat/usage.js';
import { ChatFold } from '../fold/chat-fold.js';
import type { ChunkIdentity } from './chunk-writer.js';

export class ResponseWriter {
  readonly #thinking: boolean;
  readonly #shared: Omit<ChatChunk, 'choices' | 'usage'>;
  readonly #fold = new ChatFold();

  constructor({ id, created, model, fingerprint, thinking }: Omit<ChunkIdentity, 'includeUsage'>) {
    this.#thinking = thinking;
    this.#shared = { id, object: 'chat.completion.chunk', created, model, system_fingerprint: fingerprint };
  }

  /** The answer; the last piece must have been written. */
  response(): ChatResponse {
    return this.#fold.response();
  }

  first(): '' {
    return this.#add(
      this.#thinking ? { role: 'assistant', content: null, reasoning_content: '' } : { role: 'assistant', content: '' },
    );
  }

  reasoning(text: string, logprobs: Logprobs | null = null): '' {
    return this.#add({ content: null, reasoning_content: text }, logprobs);
  }

  content(text: string, logprobs: Logprobs | null = null): '' {
    return this.#add(this.#thinking ? { content: text, reasoning_content: null } : { content: text }, logprobs);
  }

  toolCalls(pieces: readonly DeltaToolCall[]): '' {
    return this.#add({ tool_calls: [...pieces] });
  }

  last(finishReason: FinishReason, usage: Usage): '' {
    const delta = this.#thinking ? { content: '', reasoning_content: null } : { content: '' };
    this.#fold.add({ ...this.#shared, choices: [choice(delta, null, finishReason)], usage });
    return '';
  }

  #add(delta: Delta, logprobs: Logprobs | null = null): '' {
    this.#fold.add({ ...this.#shared, choices: [choice(delta, logprobs, null)] });
    return '';
  }
}

function choice(delta: Delta, logprobs: Logprobs | null, finish_reason: FinishReason | null): ChunkChoice {
  return { index: 0, delta, logprobs, finish_reason };
}
