/** How many tokens a prompt has, when only the engine could tell: by its characters, corrected by what the engine counted. */
import { type ChatRequest, type EmbeddingRequest, inputsOf, type Message, textsOf } from '@plumb/wire';
import type { CountJob } from '../engine.js';

/** Tokens of one character (contract section 10): scripts that write words as one or two characters, and all others. */
const TOKENS_PER_IDEOGRAPH = 0.6;
const TOKENS_PER_CHARACTER = 0.3;
/** What a template writes around a message, and around all of them. */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_PER_PROMPT = 4;
/** What a model wants around an input that it makes a vector of. */
const TOKENS_PER_INPUT = 2;
/** An image of usual size. */
const TOKENS_PER_IMAGE = 1000;
/** From here on Chinese, Japanese and Korean are written, and hardly anything else. */
const FIRST_IDEOGRAPH = 0x2e80;
const HAS_IDEOGRAPH = /[\u2e80-\uffff]/;
/** Of longer texts, in characters, some are looked at: to look at all of a prompt of 100 KB would take 0.1 ms. */
const WHOLE_CHARACTERS_MAX = 256;
/** How far apart these are at least, and by how much more at the most: by turns, so that no pattern keeps step with it. */
const SAMPLED_EVERY = 4;
const SAMPLED_SPREAD_BITS = 3;

/** How much a new observation moves the correction. */
const WEIGHT = 0.1;
/** Beyond these the engine counts something else than this prompt. */
const CORRECTION_MIN = 0.25;
const CORRECTION_MAX = 4;

/** What a prompt is made from. */
export type EstimatedPrompt = Pick<CountJob, 'request' | 'text'>;

/** The estimates for one engine. */
export class TokenEstimator {
  /** What the engine counts for each token that is estimated. */
  #correction = 1;
  #hasObserved = false;
  /** The last request with its estimate before correction: it is quoted and sent to its engine one after the other. */
  #last: { readonly request: ChatRequest; readonly raw: number } | undefined;

  /** Tokens of the prompt, at least 1. */
  estimate(prompt: EstimatedPrompt): number {
    return this.correct(this.rawOf(prompt));
  }

  /** Tokens that an estimate before correction stands for, at least 1. */
  correct(raw: number): number {
    return Math.max(1, Math.round(raw * this.#correction));
  }

  /** The engine has counted a prompt that was estimated like this before correction. */
  observe(raw: number, promptTokens: number): void {
    if (promptTokens <= 0) return;
    const ratio = Math.min(CORRECTION_MAX, Math.max(CORRECTION_MIN, promptTokens / raw));
    this.#correction = this.#hasObserved ? this.#correction + WEIGHT * (ratio - this.#correction) : ratio;
    this.#hasObserved = true;
  }

  /** An estimate before correction. */
  rawOf({ request, text }: EstimatedPrompt): number {
    if (this.#last?.request === request) return this.#last.raw;
    let raw = TOKENS_PER_PROMPT + tokensOfTools(request) + tokensOfGap(text);
    for (const message of request.messages) raw += tokensOfMessage(message);
    this.#last = { request, raw };
    return raw;
  }
}

function tokensOfGap(text: CountJob['text']): number {
  return text === undefined ? 0 : tokensOfText(text.prompt) + tokensOfText(text.suffix ?? '');
}

/** Tokens of the inputs of embeddings together, at least 1; nothing is learnt about these. */
export function estimateInputs({ input }: Pick<EmbeddingRequest, 'input'>): number {
  const tokens = inputsOf(input).map((each) => (typeof each === 'string' ? tokensOfText(each) : each.length));
  return Math.max(1, Math.round(sum(tokens) + tokens.length * TOKENS_PER_INPUT));
}

/** Tokens of a text, not rounded; the same for the same text. */
export function tokensOfText(text: string): number {
  // V8 knows of most texts, without looking, that they hold none.
  if (!HAS_IDEOGRAPH.test(text)) return text.length * TOKENS_PER_CHARACTER;
  const ideographs = text.length * shareOfIdeographs(text);
  return ideographs * TOKENS_PER_IDEOGRAPH + (text.length - ideographs) * TOKENS_PER_CHARACTER;
}

/** From 0 to 1. */
function shareOfIdeographs(text: string): number {
  const isWhole = text.length <= WHOLE_CHARACTERS_MAX;
  let ideographs = 0;
  let seen = 0;
  for (let place = 0; place < text.length; place += isWhole ? 1 : SAMPLED_EVERY + scatter(place)) {
    if (text.charCodeAt(place) >= FIRST_IDEOGRAPH) ideographs += 1;
    seen += 1;
  }
  return ideographs / seen;
}

/** A number of `SAMPLED_SPREAD_BITS` bits that follows no pattern, and is always the same for the same place. */
function scatter(place: number): number {
  return Math.imul(place, 0x9e3779b1) >>> (32 - SAMPLED_SPREAD_BITS);
}

function tokensOfMessage(message: Message): number {
  const { content } = message;
  const images = Array.isArray(content) ? content.filter((part) => part.type !== 'text').length : 0;
  const text = typeof content === 'string' ? tokensOfText(content) : sum(textsOf(content).map(tokensOfText));
  const calls = message.role === 'assistant' ? tokensOfCalls(message.tool_calls ?? []) : 0;
  return TOKENS_PER_MESSAGE + text + calls + images * TOKENS_PER_IMAGE;
}

function tokensOfCalls(calls: readonly { function: { name: string; arguments: string } }[]): number {
  return sum(calls.map((call) => tokensOfText(call.function.name) + tokensOfText(call.function.arguments)));
}

function tokensOfTools({ tools }: ChatRequest): number {
  return tools ? tokensOfText(JSON.stringify(tools)) : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
