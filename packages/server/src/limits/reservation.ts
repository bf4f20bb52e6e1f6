/** How many tokens a request reserves before it runs: its prompt, and the most or the usual that its answer costs. */
import type { Scope } from './limiter.js';

/** What is reserved for the answers of an account and model that has not answered yet, in tokens. */
const FIRST_ANSWER_TOKENS = 1024;
/** The share of a minute's tokens that such a guess may take: a small limit must not be spent on it. */
const FIRST_ANSWER_SHARE = 1 / 4;

export interface Reservation {
  readonly promptTokens: number;
  /** `max_tokens` of the request. */
  readonly maxTokens?: number | undefined;
  /** `max_completion_tokens` of the request. */
  readonly maxCompletionTokens?: number | undefined;
  /** The most that the model can answer to any request. */
  readonly mostAnswerTokens: number;
  /** What this account and model usually produce (`AnswerLengths.typical`); undefined when nothing is known. */
  readonly typicalAnswerTokens: number | undefined;
  /** The scopes that the request will be admitted to. */
  readonly scopes: readonly Scope[];
}

/**
 * The tokens to reserve. An answer counts with the smallest of the limits that the request and the model set; where the
 * request sets none, with what is usual, but never with so much that the request alone would not fit into an empty window.
 * At least 1 token is counted for an answer.
 */
export function reserveTokens(reservation: Reservation): number {
  const { promptTokens, maxTokens, maxCompletionTokens, mostAnswerTokens } = reservation;
  const asked = Math.min(maxTokens ?? Number.POSITIVE_INFINITY, maxCompletionTokens ?? Number.POSITIVE_INFINITY);
  const answer = asked === Number.POSITIVE_INFINITY ? expectAnswer(reservation) : asked;
  return promptTokens + Math.max(1, Math.min(answer, mostAnswerTokens));
}

function expectAnswer({ promptTokens, typicalAnswerTokens, scopes }: Reservation): number {
  const limit = Math.min(...scopes.map(({ limits }) => limits.tokensPerMinute ?? Number.POSITIVE_INFINITY));
  const expected = typicalAnswerTokens ?? Math.min(FIRST_ANSWER_TOKENS, Math.floor(limit * FIRST_ANSWER_SHARE));
  return Math.min(expected, limit - promptTokens);
}
