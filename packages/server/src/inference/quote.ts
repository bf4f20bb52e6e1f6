/** What a request can cost at the most, in tokens and in money: known before it runs. */
import { contextLengthExceeded, MAX_COMPLETION_TOKENS } from '@plumb/wire';
import type { Money } from '../ledger/money.js';
import { mostCost, type Rates } from '../ledger/price.js';
import type { Scope } from '../limits/limiter.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import { reserveTokens } from '../limits/reservation.js';
import type { Work } from './work.js';

export interface Quote {
  /** 0 when nobody needs to know. */
  readonly promptTokens: number;
  /** What the limiter reserves. */
  readonly reservedTokens: number;
  /** Undefined when the model costs nothing. */
  readonly rates: Rates | undefined;
  readonly mostCost: Money;
}

export interface QuoteParts {
  readonly work: Pick<Work, 'countPromptTokens' | 'maxAnswerTokens' | 'context'>;
  readonly scopes: readonly Scope[];
  readonly rates: Rates | undefined;
  /** What answers of this account and model usually have; undefined when nothing is known. */
  readonly typicalAnswerTokens: number | undefined;
}

/** The context of an engine that does not say how much it has: as much as an answer can have (contract section 2.1). */
const CONTEXT_TOKENS_MAX = MAX_COMPLETION_TOKENS;

const FREE: Quote = { promptTokens: 0, reservedTokens: 0, rates: undefined, mostCost: 0n };

/**
 * Quotes a request. Its prompt is counted only when tokens are limited or cost something. Fails with 400 when it does not
 * fit the context, and with what the engine says when it cannot count.
 */
export function quoteRequest(parts: QuoteParts): MaybePromise<Quote> {
  const { work, scopes, rates } = parts;
  const isLimited = scopes.some(({ limits }) => limits.tokensPerMinute !== undefined);
  if (!isLimited && rates === undefined) return FREE;
  const promptTokens = work.countPromptTokens();
  if (typeof promptTokens === 'number') return quotePrompt(parts, isLimited, promptTokens);
  return promptTokens.then((tokens) => quotePrompt(parts, isLimited, tokens));
}

function quotePrompt(parts: QuoteParts, isLimited: boolean, promptTokens: number): Quote {
  const { work, rates } = parts;
  const room = roomOf(work, promptTokens);
  const answerTokens = Math.min(work.maxAnswerTokens ?? room, room);
  return {
    promptTokens,
    reservedTokens: isLimited ? reserve(parts, promptTokens, room) : 0,
    rates,
    mostCost: rates === undefined ? 0n : mostCost(rates, promptTokens, answerTokens),
  };
}

/** The tokens that are left for an answer. Throws 400 when the answer that was asked for has no room for certain. */
function roomOf(work: QuoteParts['work'], promptTokens: number): number {
  const { maxAnswerTokens: maxTokens } = work;
  if (maxTokens === 0) return 0;
  const { contextTokens = CONTEXT_TOKENS_MAX, estimatesPrompts = false } = work.context();
  const room = contextTokens - promptTokens;
  if ((maxTokens ?? 1) <= room) return room;
  if (!estimatesPrompts) throw contextLengthExceeded(contextTokens, promptTokens, maxTokens ?? 1);
  return Math.max(1, maxTokens ?? room);
}

function reserve({ work, scopes, typicalAnswerTokens }: QuoteParts, promptTokens: number, room: number): number {
  const { maxAnswerTokens: maxTokens } = work;
  if (maxTokens === 0) return promptTokens;
  return reserveTokens({ promptTokens, maxTokens, mostAnswerTokens: room, typicalAnswerTokens, scopes });
}
