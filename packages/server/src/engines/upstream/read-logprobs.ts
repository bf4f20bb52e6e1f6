/** The probabilities of tokens, from whatever an engine sends. */
import type { Logprobs, TokenLogprob } from '@plumb/wire';
import { isRecord } from './json.js';

/** What stands for a probability that is not known (contract section 3.1). */
const UNKNOWN_LOGPROB = -9999;

/**
 * Reads `logprobs` of a choice. Engines that do not tell reasoning from answer put all tokens under `content`: those of a
 * chunk that holds reasoning alone belong to it. Null when there are none.
 */
export function readLogprobs(value: unknown, isReasoning: boolean): Logprobs | null {
  if (!isRecord(value)) return null;
  const content = readTokens(value.content);
  const reasoning = readTokens(value.reasoning_content);
  if (content.length === 0 && reasoning.length === 0) return null;
  if (isReasoning && reasoning.length === 0) return { content: null, reasoning_content: content };
  return reasoning.length === 0
    ? { content }
    : { content: content.length === 0 ? null : content, reasoning_content: reasoning };
}

/** Reads `logprobs` of a text that is continued, which has lists side by side. Null when there are none. */
export function readTextLogprobs(value: unknown): Logprobs | null {
  if (!isRecord(value) || !Array.isArray(value.tokens) || value.tokens.length === 0) return null;
  const logprobs: readonly unknown[] = Array.isArray(value.token_logprobs) ? value.token_logprobs : [];
  const tops: readonly unknown[] = Array.isArray(value.top_logprobs) ? value.top_logprobs : [];
  const content = value.tokens.map((token, place) => {
    const top = tops[place];
    const likeliest = isRecord(top) ? Object.entries(top).map(([text, logprob]) => named(text, logprob)) : [];
    return { ...named(token, logprobs[place]), top_logprobs: likeliest };
  });
  return { content };
}

function named(token: unknown, logprob: unknown): TokenLogprob['top_logprobs'][number] {
  return readToken({ token, logprob, bytes: typeof token === 'string' ? [...Buffer.from(token)] : null });
}

function readTokens(tokens: unknown): TokenLogprob[] {
  if (!Array.isArray(tokens)) return [];
  return tokens.filter(isRecord).map((token) => ({ ...readToken(token), top_logprobs: readTop(token.top_logprobs) }));
}

function readTop(tokens: unknown): TokenLogprob['top_logprobs'] {
  return Array.isArray(tokens) ? tokens.filter(isRecord).map(readToken) : [];
}

function readToken({ token, logprob, bytes }: Record<string, unknown>): TokenLogprob['top_logprobs'][number] {
  return {
    token: typeof token === 'string' ? token : '',
    logprob: typeof logprob === 'number' ? logprob : UNKNOWN_LOGPROB,
    bytes: Array.isArray(bytes) ? bytes.filter((byte) => Number.isInteger(byte)) : null,
  };
}
