/**
 * Writes an answer as chunks. One that is streamed has a chunk for each piece; one that is not gets its texts in one
 * piece each, which costs less and folds to the same answer.
 */
import { randomInt } from 'node:crypto';
import {
  type ChunkIdentity,
  ChunkWriter,
  type FinishReason,
  type Logprobs,
  type TokenLogprob,
  type Usage,
} from '@plumb/wire';
import { LogprobQueue } from './logprob-queue.js';

export interface AnswerEventsOptions extends ChunkIdentity {
  readonly isStreamed: boolean;
  readonly hasLogprobs: boolean;
}

/** A text of a buffered answer, with its tokens. */
interface Gathered {
  text: string;
  readonly tokens: TokenLogprob[];
}

type Part = 'reasoning' | 'content';

export class AnswerEvents {
  readonly #chunks: ChunkWriter;
  readonly #isStreamed: boolean;
  readonly #hasLogprobs: boolean;
  readonly #queues = { reasoning: new LogprobQueue(), content: new LogprobQueue() };
  readonly #gathered: Record<Part, Gathered> = {
    reasoning: { text: '', tokens: [] },
    content: { text: '', tokens: [] },
  };
  readonly #calls: { readonly id: string; readonly name: string; given: string }[] = [];
  /** What has not been taken yet. */
  #events: string;

  constructor(options: AnswerEventsOptions) {
    this.#chunks = new ChunkWriter(options);
    this.#isStreamed = options.isStreamed;
    this.#hasLogprobs = options.hasLogprobs;
    this.#events = this.#chunks.first();
  }

  /** Notes a token whose text, of so many characters, will be shown in this part. */
  expect(part: Part, token: TokenLogprob, characters: number): void {
    this.#queues[part].add(token, characters);
  }

  reasoning(text: string): void {
    this.#add('reasoning', text);
  }

  content(text: string): void {
    this.#add('content', text);
  }

  callStart(index: number, name: string): void {
    const id = createCallId(index);
    this.#calls.push({ id, name, given: '' });
    if (!this.#isStreamed) return;
    this.#events += this.#chunks.toolCalls([{ index, id, type: 'function', function: { name, arguments: '' } }]);
  }

  callArguments(index: number, text: string): void {
    this.#calls[index]!.given += text;
    if (this.#isStreamed) this.#events += this.#chunks.toolCalls([{ index, function: { arguments: text } }]);
  }

  /** Whether the call is the same as one before it. */
  isRepeated(index: number): boolean {
    const { name, given } = this.#calls[index]!;
    return this.#calls.findIndex((call) => call.name === name && call.given === given) < index;
  }

  /** Whether the answer has a call. */
  get hasCalls(): boolean {
    return this.#calls.length > 0;
  }

  last(reason: FinishReason, usage: Usage): void {
    if (!this.#isStreamed) this.#addGathered();
    this.#events += this.#chunks.last(reason, usage);
  }

  /** Takes the events that are ready; empty when there are none. */
  take(): string {
    const events = this.#events;
    this.#events = '';
    return events;
  }

  #add(part: Part, text: string): void {
    const tokens = this.#hasLogprobs ? this.#queues[part].take(text.length) : [];
    if (this.#isStreamed) this.#addChunk(part, text, tokens);
    else {
      const gathered = this.#gathered[part];
      gathered.text += text;
      for (const token of tokens) gathered.tokens.push(token);
    }
  }

  #addGathered(): void {
    const { reasoning, content } = this.#gathered;
    if (reasoning.text !== '') this.#addChunk('reasoning', reasoning.text, reasoning.tokens);
    if (content.text !== '') this.#addChunk('content', content.text, content.tokens);
    for (const [index, { id, name, given }] of this.#calls.entries()) {
      this.#events += this.#chunks.toolCalls([{ index, id, type: 'function', function: { name, arguments: given } }]);
    }
  }

  #addChunk(part: Part, text: string, tokens: TokenLogprob[]): void {
    const logprobs = this.#hasLogprobs ? toLogprobs(part, tokens) : null;
    this.#events += this.#chunks[part](text, logprobs);
  }
}

function toLogprobs(part: Part, tokens: TokenLogprob[]): Logprobs {
  return part === 'content'
    ? { content: tokens, reasoning_content: null }
    : { content: null, reasoning_content: tokens };
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 24;

/** `call_`, the place of the call in two digits, and 24 letters and digits (contract section 3.1). */
function createCallId(index: number): string {
  const letters = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]);
  return `call_${String(index).padStart(2, '0')}_${letters.join('')}`;
}
