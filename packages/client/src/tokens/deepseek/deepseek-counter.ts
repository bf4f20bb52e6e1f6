/** Counting with the vocabulary of DeepSeek V3: exact for its text, corrected for what later models add to prompts. */
import { CalibratedCounter, countBody } from '../calibrated-counter.js';
import { estimateTokens } from '../estimate-text.js';
import type { Prompt } from '../prompt/write-prompt.js';
import type { TokenCounter } from '../token-counter.js';
import { type DeepSeekTokenizer, loadDeepSeekTokenizer } from './deepseek-tokenizer.js';

/** What is counted of a prompt, in UTF-16 units; the rest is estimated, so that no prompt holds the event loop up. */
const COUNTED_UNITS_MAX = 2 ** 17;

/** A counter with the vocabulary. It is loaded once for each call: keep the counter. */
export async function loadDeepSeekCounter(): Promise<TokenCounter> {
  const tokenizer = await loadDeepSeekTokenizer();
  return new CalibratedCounter((prompt) => countPrompt(tokenizer, prompt));
}

/**
 * Counts the prompt tokens of a request's body, by the format of DeepSeek V3.1 and uncorrected. Of text beyond 131,072
 * UTF-16 units the number is estimated by what the text before it came to. Never throws.
 */
export function countChat(tokenizer: DeepSeekTokenizer, body: unknown): number {
  return countBody(body, (prompt) => countPrompt(tokenizer, prompt));
}

/** A prompt as tokens. */
export interface EncodedPrompt {
  /** The tokens in their order, as far as they were counted. Markers are all the same one, 0, which no text makes. */
  readonly ids: readonly number[];
  /** How many more there are by estimate. */
  readonly estimated: number;
}

/** The tokens that `countChat` counts, which are as many. Never throws. */
export function encodeChat(tokenizer: DeepSeekTokenizer, body: unknown): EncodedPrompt {
  const ids: number[] = [];
  const tokens = countBody(body, (prompt) =>
    walkPrompt(prompt, {
      markers: (count) => ids.push(...new Array<number>(count).fill(0)),
      text(head) {
        const encoded = tokenizer.encode(head);
        for (const id of encoded) ids.push(id);
        return encoded.length;
      },
    }),
  );
  return { ids, estimated: tokens - ids.length };
}

function countPrompt(tokenizer: DeepSeekTokenizer, prompt: Prompt): number {
  return walkPrompt(prompt, { markers() {}, text: (head) => tokenizer.count(head) });
}

/** Takes the pieces of a prompt that are counted. */
interface PromptWalker {
  markers(count: number): void;
  /** Returns how many tokens it has. */
  text(head: string): number;
}

/** How many tokens a prompt has: as the walker counts its beginning, and by estimate beyond. */
function walkPrompt(prompt: Prompt, walker: PromptWalker): number {
  let tokens = 0;
  let room = COUNTED_UNITS_MAX;
  /** Tokens for each one estimated. */
  let ratio = 1;
  for (const piece of joinTexts(prompt)) {
    if (typeof piece === 'number') {
      walker.markers(piece);
      tokens += piece;
      continue;
    }
    const head = piece.slice(0, room);
    const exact = walker.text(head);
    room -= head.length;
    tokens += exact;
    if (head.length === piece.length) continue;
    if (exact > 0) ratio = exact / estimateTokens(head);
    tokens += estimateTokens(piece.slice(head.length)) * ratio;
  }
  return Math.ceil(tokens);
}

/** Texts beside each other are split into words as one. */
function joinTexts(prompt: Prompt): (string | number)[] {
  const joined: (string | number)[] = [];
  let texts: string[] = [];
  for (const piece of [...prompt, 0]) {
    if (typeof piece === 'string') {
      texts.push(piece);
      continue;
    }
    if (texts.length > 0) joined.push(texts.join(''));
    texts = [];
    joined.push(piece);
  }
  return joined;
}
