/** Makes the requests of a load. Request 17 of a seed is always the same one, whenever and in whatever load it is sent. */
import type { InputLine } from './input-lines.js';
import { PromptWriter } from './prompt-text.js';
import { drawWeighted, type Random, randomFor } from './seeds.js';
import { drawTokens, type TokenLengths } from './token-lengths.js';

/** What the requests of a load are like. */
export interface MixOptions {
  readonly seed: number;
  /** At least one; the weights need not add up to anything. */
  readonly models: readonly ModelShare[];
  readonly promptTokens: TokenLengths;
  /** What `max_tokens` is; for lines of a file, those of the lines where it is left out. */
  readonly answerTokens: TokenLengths | undefined;
  /** How much of each prompt, from its beginning, is the same in all of them: 0 to 1. */
  readonly prefixShare: number;
  /** Which part of the requests streams, 0 to 1, and which part brings a tool. */
  readonly streamShare: number;
  readonly toolShare: number;
  /** What is asked instead of prompts that are made, in this order and again from the first. */
  readonly lines?: readonly InputLine[] | undefined;
}

export interface ModelShare {
  readonly id: string;
  readonly weight: number;
}

/** What a trace says about a request. */
export interface WantedLengths {
  readonly promptTokens?: number | undefined;
  readonly answerTokens?: number | undefined;
}

/** A request that is ready to be sent. */
export interface LoadRequest {
  /** Counted from 0. */
  readonly number: number;
  /** The path behind the base URL, such as `/chat/completions`. */
  readonly path: string;
  /** JSON. */
  readonly body: string;
  readonly isStreamed: boolean;
}

/** `max_tokens` where neither a trace nor a length says otherwise. */
const ANSWER_TOKENS: TokenLengths = { kind: 'fixed', tokens: 128 };

/** The tool of requests with tools: what one looks like is all that matters. */
const TOOL = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather at a place.',
    parameters: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
  },
};

export class RequestMix {
  readonly #options: MixOptions;
  readonly #prompts: PromptWriter;
  readonly #models: readonly { item: string; weight: number }[];

  constructor(options: MixOptions) {
    this.#options = options;
    this.#prompts = new PromptWriter(options.seed);
    this.#models = options.models.map(({ id, weight }) => ({ item: id, weight }));
  }

  /** The request with a number, counted from 0. */
  make(number: number, wanted: WantedLengths = {}): LoadRequest {
    const { seed, lines, streamShare, toolShare } = this.#options;
    const random = randomFor(seed, 'request', number);
    const traits = {
      model: drawWeighted(this.#models, random),
      isStreamed: random() < streamShare,
      hasTool: random() < toolShare,
      promptTokens: drawTokens(this.#options.promptTokens, random),
      answerTokens: drawTokens(this.#options.answerTokens ?? ANSWER_TOKENS, random),
    };
    const line = lines?.[number % lines.length];
    const { path, body } = line === undefined ? this.#writeBody(traits, wanted, random) : this.#readLine(line, traits);
    const { isStreamed } = traits;
    const streaming = isStreamed ? { stream: true, stream_options: { include_usage: true } } : { stream: false };
    const tools = traits.hasTool ? { tools: [TOOL] } : {};
    return { number, path, isStreamed, body: JSON.stringify({ ...body, ...streaming, ...tools }) };
  }

  #writeBody(traits: Traits, wanted: WantedLengths, random: Random): { path: string; body: object } {
    const tokens = wanted.promptTokens ?? traits.promptTokens;
    const content = this.#prompts.write(tokens, this.#options.prefixShare, random);
    const max_tokens = wanted.answerTokens ?? traits.answerTokens;
    return {
      path: '/chat/completions',
      body: { model: traits.model, messages: [{ role: 'user', content }], max_tokens },
    };
  }

  #readLine(line: InputLine, { model, answerTokens }: Traits): { path: string; body: object } {
    const length = this.#options.answerTokens === undefined ? {} : { max_tokens: answerTokens };
    return { path: line.path, body: { model, ...line.body, ...length } };
  }
}

interface Traits {
  readonly model: string;
  readonly isStreamed: boolean;
  readonly hasTool: boolean;
  readonly promptTokens: number;
  readonly answerTokens: number;
}
