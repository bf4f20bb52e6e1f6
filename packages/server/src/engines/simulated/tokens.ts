/** Tokens of the simulated engine: those of DeepSeek V3, so that its counts look like the API's. */
import { type DeepSeekTokenizer, type EncodedPrompt, encodeChat } from '@plumb/client/tokenizer';
import type { ChatRequest, EmbeddingInput } from '@plumb/wire';
import { inputsOf } from '@plumb/wire';
import type { CountJob } from '../engine.js';

/** A piece of a text that is whole characters, and what it was made of. */
export interface TextPiece {
  readonly text: string;
  /** How many tokens it has; more than one where they end inside of a character. */
  readonly tokens: number;
}

/** Texts of tokens that are kept. */
const REMEMBERED_TOKENS_MAX = 8192;

export class TokenReader {
  readonly #tokenizer: DeepSeekTokenizer;
  readonly #texts = new Map<number, string>();
  /** Prompts that were counted, so that one that is generated for afterwards is read once. */
  readonly #prompts = new WeakMap<ChatRequest, EncodedPrompt>();

  constructor(tokenizer: DeepSeekTokenizer) {
    this.#tokenizer = tokenizer;
  }

  count = (text: string): number => this.#tokenizer.count(text);

  encode(text: string): number[] {
    return this.#tokenizer.encode(text);
  }

  /** The prompt of a request as tokens. */
  readPrompt({ request, text }: Pick<CountJob, 'request' | 'text'>): EncodedPrompt {
    const known = this.#prompts.get(request);
    if (known !== undefined) return known;
    const prompt = encodeChat(this.#tokenizer, text ?? request);
    this.#prompts.set(request, prompt);
    return prompt;
  }

  /** The tokens of each input of a request for embeddings. */
  readInputs(input: EmbeddingInput): (readonly number[])[] {
    return inputsOf(input).map((each) => (typeof each === 'string' ? this.encode(each) : each));
  }

  /**
   * A text in the pieces in which it would come, which together are the text. It has no lone surrogates, which no token
   * makes.
   */
  split(text: string): TextPiece[] {
    const pieces: TextPiece[] = [];
    let place = 0;
    let group: number[] = [];
    for (const id of this.encode(text)) {
      group.push(id);
      const piece = this.#textOf(group);
      // A part of a character is not what stands there.
      if (piece === '' || !text.startsWith(piece, place)) continue;
      pieces.push({ text: piece, tokens: group.length });
      place += piece.length;
      group = [];
    }
    if (group.length > 0) pieces.push({ text: text.slice(place), tokens: group.length });
    return pieces;
  }

  #textOf(ids: readonly number[]): string {
    if (ids.length > 1) return this.#tokenizer.decode(ids);
    const id = ids[0]!;
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = this.#tokenizer.decode(ids);
    if (this.#texts.size < REMEMBERED_TOKENS_MAX) this.#texts.set(id, text);
    return text;
  }
}
