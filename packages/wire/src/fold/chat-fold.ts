/** Folds the chunks of a stream into the buffered answer, so that both are the same answer. */
import type { ChatChunk, ChunkChoice, DeltaToolCall } from '../chat/chunk.js';
import type { Logprobs, TokenLogprob } from '../chat/logprobs.js';
import type { ChatResponse, FinishReason, ResponseMessage, ResponseToolCall } from '../chat/response.js';
import type { Usage } from '../chat/usage.js';

/** Gathers chunks with `add`; `response` is what they say together. */
export class ChatFold {
  #last: ChatChunk | undefined;
  #content: string | null = null;
  /** Undefined until a chunk has the key, which the message then has too. */
  #reasoning: string | null | undefined;
  readonly #toolCalls = new Map<number, ResponseToolCall>();
  #logprobs: Logprobs | null = null;
  #finishReason: FinishReason | null = null;
  #usage: Usage | null = null;

  /** Takes the next chunk. A chunk without choices, which carries usage alone, is fine. */
  add(chunk: ChatChunk): void {
    this.#last = chunk;
    if (chunk.usage) this.#usage = chunk.usage;
    const [choice] = chunk.choices;
    if (choice !== undefined) this.#addChoice(choice);
  }

  /**
   * The buffered answer, with the keys in the order in which the API writes them.
   *
   * @throws Error when the stream was cut: no chunk, no `finish_reason` or no `usage` has come.
   */
  response(): ChatResponse {
    if (this.#last === undefined) throw new Error('The stream ended before its first chunk.');
    if (this.#finishReason === null) throw new Error('The stream was cut: no chunk has a finish_reason.');
    if (this.#usage === null) throw new Error('The stream was cut: no chunk has usage.');
    const { id, created, model, system_fingerprint } = this.#last;
    return {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [{ index: 0, message: this.#message(), logprobs: this.#logprobs, finish_reason: this.#finishReason }],
      usage: this.#usage,
      system_fingerprint,
    };
  }

  #addChoice({ delta, logprobs, finish_reason }: ChunkChoice): void {
    if (typeof delta.content === 'string') this.#content = (this.#content ?? '') + delta.content;
    if (delta.reasoning_content !== undefined) this.#addReasoning(delta.reasoning_content);
    for (const piece of delta.tool_calls ?? []) this.#addToolCall(piece);
    if (logprobs) this.#logprobs = mergeLogprobs(this.#logprobs, logprobs);
    if (finish_reason !== null) this.#finishReason = finish_reason;
  }

  #addReasoning(piece: string | null): void {
    this.#reasoning = piece === null ? (this.#reasoning ?? null) : (this.#reasoning ?? '') + piece;
  }

  #addToolCall({ index, id, function: called }: DeltaToolCall): void {
    const call: ResponseToolCall = this.#toolCalls.get(index) ?? {
      index,
      id: '',
      type: 'function',
      function: { name: '', arguments: '' },
    };
    if (id !== undefined) call.id = id;
    if (called?.name !== undefined) call.function.name = called.name;
    if (called?.arguments !== undefined) call.function.arguments += called.arguments;
    this.#toolCalls.set(index, call);
  }

  #message(): ResponseMessage {
    const message: ResponseMessage = { role: 'assistant', content: this.#content };
    if (this.#reasoning !== undefined) message.reasoning_content = this.#reasoning;
    if (this.#toolCalls.size > 0) {
      message.tool_calls = [...this.#toolCalls.values()].sort((first, second) => first.index - second.index);
    }
    return message;
  }
}

function mergeLogprobs(sum: Logprobs | null, piece: Logprobs): Logprobs {
  const merged: Logprobs = sum ?? {};
  if (piece.content !== undefined) merged.content = appendTokens(merged.content, piece.content);
  if (piece.reasoning_content !== undefined) {
    merged.reasoning_content = appendTokens(merged.reasoning_content, piece.reasoning_content);
  }
  return merged;
}

/** Null stays null until there are tokens. */
function appendTokens(sum: TokenLogprob[] | null | undefined, piece: TokenLogprob[] | null): TokenLogprob[] | null {
  if (piece === null) return sum ?? null;
  const tokens = sum ?? [];
  // One by one: a spread of a long list as arguments overflows the stack.
  for (const token of piece) tokens.push(token);
  return tokens;
}
