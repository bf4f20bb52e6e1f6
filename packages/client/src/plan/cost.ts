/** What requests cost before they are sent: from the least to the most, now and at the other prices of the day. */
import type { ModelTotals } from '../batch/check-batch.js';
import { costOf, type PriceTable, type TokenRates } from '../batch/price.js';

/** In nano-units of the currency. */
export interface CostRange {
  /** Every prompt comes from the cache; answers are as long as expected, or empty where nothing is expected of them. */
  readonly least: bigint;
  /** As many tokens as expected; undefined where nothing is expected of answers. */
  readonly expected: bigint | undefined;
  /** Nothing comes from the cache and every answer is as long as it may be; undefined where some may have any length. */
  readonly most: bigint | undefined;
}

export interface CostBasis {
  readonly prices: PriceTable;
  /** What the requests to each model add up to. */
  readonly models: ReadonlyMap<string, ModelTotals>;
  /** When they are sent, in ms since the epoch. */
  readonly at: number;
  /** The part of prompt tokens that comes from the cache, from 0 to 1, as far as it is known. Default: 0. */
  readonly cachedShare?: number | undefined;
}

export interface Cost {
  readonly currency: string;
  readonly now: CostRange;
  /** Whether peak prices hold now. */
  readonly isPeak: boolean;
  /** At the prices that come next; undefined where they never change. */
  readonly later: { readonly from: number; readonly range: CostRange } | undefined;
}

/** Undefined when the price of a model is not known. */
export function planCost({ prices, models, at, cachedShare }: CostBasis, answerTokens: number): Cost | undefined {
  const rangeAt = (time: number) =>
    costRange(models, (model) => prices.ratesOf(model, time), { answerTokens, cachedShare });
  const now = rangeAt(at);
  if (now === undefined) return undefined;
  const from = prices.periodEndsAt(at);
  const range = from === undefined ? undefined : rangeAt(from);
  const later = from === undefined || range === undefined ? undefined : { from, range };
  return { currency: prices.currency, now, isPeak: prices.isPeak(at), later };
}

/**
 * What the requests to some models cost; undefined when the rates of one are not known.
 *
 * @param expected Tokens of an answer on the average, and the part of prompts that comes from the cache.
 */
export function costRange(
  models: ReadonlyMap<string, ModelTotals>,
  ratesOf: (model: string) => TokenRates | undefined,
  expected: { readonly answerTokens?: number; readonly cachedShare?: number | undefined } = {},
): CostRange | undefined {
  const { answerTokens, cachedShare = 0 } = expected;
  let least = 0n;
  let middle = 0n;
  let most: bigint | undefined = 0n;
  for (const [id, { requests, promptTokens, answerTokensMax, unbounded }] of models) {
    const rates = ratesOf(id);
    if (rates === undefined) return undefined;
    const prompt = Math.round(promptTokens);
    const answer = Math.round((answerTokens ?? 0) * requests);
    least += costOf(rates, { prompt, cached: prompt, answer });
    middle += costOf(rates, { prompt, cached: Math.round(prompt * cachedShare), answer });
    if (unbounded > 0) most = undefined;
    else if (most !== undefined) most += costOf(rates, { prompt, cached: 0, answer: Math.round(answerTokensMax) });
  }
  return { least, expected: answerTokens === undefined ? undefined : middle, most };
}
