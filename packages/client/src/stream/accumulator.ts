/** Puts an answer together from its chunks, and says what each chunk brought. */
import { failureIn } from '../chat/failure.js';
import type { ChatChunk, ChatEvent, ChatResult, Choice, Delta, Logprobs, ToolCallPiece, Usage } from '../chat/types.js';
import { KitError } from '../errors/kit-error.js';
import { ToolCallList } from './tool-call-list.js';

/** The longest answer that is held, in characters of everything that it consists of: longer than any model writes. */
export const ANSWER_MAX_CHARACTERS = 32 * 1024 * 1024;

/** The most calls of one answer. */
export const TOOL_CALLS_MAX = 256;

/** What the probabilities of a token are counted as in ANSWER_MAX_CHARACTERS: about what its objects take. */
const CHARACTERS_OF_A_LOGPROB = 64;

/** Words of `finish_reason` that say that the endpoint gave up. */
const INTERRUPTED: readonly string[] = ['insufficient_system_resource', 'aborted'];

export class ChatAccumulator {
  #id: string | undefined;
  #model: string | undefined;
  #systemFingerprint: string | undefined;
  #content: string | undefined;
  #reasoning: string | undefined;
  #reasoningField: 'reasoning_content' | 'reasoning' = 'reasoning_content';
  readonly #calls = new ToolCallList();
  #finishReason: string | undefined;
  #usage: Usage | undefined;
  readonly #logprobs: Record<string, unknown[]> = {};
  #characters = 0;

  /**
   * Takes the next chunk, or a buffered answer as if it were one. Of several choices the first counts.
   *
   * @throws KitError when the chunk is an error of the endpoint, and `invalid_answer` beyond one of the limits.
   */
  add(chunk: ChatChunk): ChatEvent[] {
    const failure = failureIn(chunk);
    if (failure) throw failure;
    const events: ChatEvent[] = [];
    this.#id ??= chunk.id;
    this.#model ??= chunk.model;
    this.#systemFingerprint ??= chunk.system_fingerprint ?? undefined;
    const choice = chunk.choices?.find(({ index }) => !index);
    if (choice) this.#addChoice(choice, events);
    if (chunk.usage) {
      this.#usage = chunk.usage;
      events.push({ type: 'usage', usage: chunk.usage });
    }
    return events;
  }

  /** What has come so far. */
  result(): ChatResult {
    const toolCalls = this.#calls.toCalls(this.#id ?? 'call');
    const reasoning = this.#reasoning;
    return {
      id: this.#id,
      model: this.#model,
      content: this.#content ?? '',
      reasoning,
      toolCalls,
      finishReason: this.#finishReason,
      usage: this.#usage,
      logprobs: Object.keys(this.#logprobs).length > 0 ? this.#logprobs : undefined,
      systemFingerprint: this.#systemFingerprint,
      message: {
        role: 'assistant',
        content: this.#content ?? (toolCalls.length > 0 ? null : ''),
        // Under its own name: endpoints refuse the name that others give it.
        ...(reasoning !== undefined && { [this.#reasoningField]: reasoning }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      },
    };
  }

  /**
   * The whole answer.
   *
   * @throws KitError `stream_interrupted` with what has come in `partial` when it did not come to its end.
   */
  final(): ChatResult {
    const partial = this.result();
    const reason = partial.finishReason;
    if (reason !== undefined && !INTERRUPTED.includes(reason)) return partial;
    const why = reason === undefined ? 'it has no finish_reason' : `finish_reason is ${reason}`;
    throw new KitError('stream_interrupted', `The answer was cut off: ${why}. Ask again.`, {
      partial,
      retryable: true,
    });
  }

  #addChoice({ delta, message, logprobs, finish_reason: reason }: Choice, events: ChatEvent[]): void {
    this.#addDelta(delta ?? message ?? {}, events);
    if (logprobs) this.#addLogprobs(logprobs);
    if (!reason) return;
    this.#finishReason = reason;
    for (const [index, call] of this.#calls.toCalls(this.#id ?? 'call').entries()) {
      events.push({ type: 'tool_call_end', index, call });
    }
    events.push({ type: 'finish', reason });
  }

  #addDelta(delta: Delta, events: ChatEvent[]): void {
    const { content, reasoning_content: reasoningContent, reasoning, tool_calls: pieces } = delta;
    if (typeof reasoning === 'string' && typeof reasoningContent !== 'string') this.#reasoningField = 'reasoning';
    const thought = reasoningContent ?? reasoning;
    if (typeof thought === 'string') {
      this.#reasoning = (this.#reasoning ?? '') + this.#count(thought);
      if (thought !== '') events.push({ type: 'reasoning', text: thought });
    }
    if (typeof content === 'string') {
      this.#content = (this.#content ?? '') + this.#count(content);
      if (content !== '') events.push({ type: 'content', text: content });
    }
    for (const piece of pieces ?? []) this.#addCall(piece, events);
  }

  #addCall(piece: ToolCallPiece, events: ChatEvent[]): void {
    const call = this.#calls.find(piece);
    const { calls } = this.#calls;
    if (calls.length > TOOL_CALLS_MAX) throw tooLarge(`${TOOL_CALLS_MAX} calls`);
    const index = calls.indexOf(call);
    if (piece.id) call.id = piece.id;
    const { name, arguments: text } = piece.function ?? {};
    if (name && call.name === '') {
      call.name = this.#count(name);
      events.push({ type: 'tool_call_start', index, id: call.id || `${this.#id ?? 'call'}_${index}`, name });
    }
    if (!text) return;
    call.arguments += this.#count(text);
    events.push({ type: 'tool_call_arguments', index, text });
  }

  #addLogprobs(logprobs: Logprobs): void {
    for (const [part, tokens] of Object.entries(logprobs)) {
      const sum = this.#logprobs[part] ?? [];
      this.#logprobs[part] = sum;
      for (const token of tokens ?? []) {
        this.#grow(CHARACTERS_OF_A_LOGPROB);
        sum.push(token);
      }
    }
  }

  #count(text: string): string {
    this.#grow(text.length);
    return text;
  }

  #grow(characters: number): void {
    this.#characters += characters;
    if (this.#characters > ANSWER_MAX_CHARACTERS) throw tooLarge(`${ANSWER_MAX_CHARACTERS} characters`);
  }
}

function tooLarge(limit: string): KitError {
  return new KitError('invalid_answer', `The answer has more than ${limit}. Set max_tokens.`);
}
