/**
 * Writes the chunks of one generation as server-sent events (contract section 3.2). What is the same in every chunk is
 * made once; only the piece of text is encoded for each.
 */
import type { DeltaToolCall } from '../chat/chunk.js';
import type { Logprobs } from '../chat/logprobs.js';
import type { FinishReason } from '../chat/response.js';
import type { Usage } from '../chat/usage.js';
import { encodeEvent } from '../sse/encode.js';

/** What every chunk of a generation says. */
export interface ChunkIdentity {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  readonly fingerprint: string;
  /** Whether reasoning precedes the answer, which puts both keys into every delta. */
  readonly thinking: boolean;
  /** Whether chunks before the last one say `"usage":null`. */
  readonly includeUsage: boolean;
}

export class ChunkWriter {
  readonly #thinking: boolean;
  /** Up to the delta. */
  readonly #head: string;
  /** After the delta of every chunk but the last, when its tokens have no probabilities. */
  readonly #tail: string;
  /** After the choice of every chunk but the last. */
  readonly #end: string;

  constructor({ id, created, model, fingerprint, thinking, includeUsage }: ChunkIdentity) {
    this.#thinking = thinking;
    const shared = { id, object: 'chat.completion.chunk', created, model, system_fingerprint: fingerprint };
    this.#head = `${JSON.stringify(shared).slice(0, -1)},"choices":[{"index":0,"delta":`;
    this.#end = `"finish_reason":null}]${includeUsage ? ',"usage":null' : ''}}`;
    this.#tail = `,"logprobs":null,${this.#end}`;
  }

  /** The chunk that names the role. */
  first(): string {
    return this.#chunk(
      this.#thinking
        ? '{"role":"assistant","content":null,"reasoning_content":""}'
        : '{"role":"assistant","content":""}',
    );
  }

  reasoning(text: string, logprobs: Logprobs | null = null): string {
    return this.#chunk(`{"content":null,"reasoning_content":${JSON.stringify(text)}}`, logprobs);
  }

  content(text: string, logprobs: Logprobs | null = null): string {
    const delta = this.#thinking ? ',"reasoning_content":null}' : '}';
    return this.#chunk(`{"content":${JSON.stringify(text)}${delta}`, logprobs);
  }

  /** Pieces of tool calls. */
  toolCalls(pieces: readonly DeltaToolCall[]): string {
    return this.#chunk(`{"tool_calls":${JSON.stringify(pieces)}}`);
  }

  /** The chunk that says why the answer ended and what it cost. */
  last(finishReason: FinishReason, usage: Usage): string {
    const delta = this.#thinking ? '{"content":"","reasoning_content":null}' : '{"content":""}';
    const end = `,"logprobs":null,"finish_reason":"${finishReason}"}],"usage":${JSON.stringify(usage)}}`;
    return encodeEvent(this.#head + delta + end);
  }

  #chunk(delta: string, logprobs: Logprobs | null = null): string {
    const tail = logprobs === null ? this.#tail : `,"logprobs":${JSON.stringify(logprobs)},${this.#end}`;
    return encodeEvent(this.#head + delta + tail);
  }
}
