/** What tokens cost: the prices of a model, and which of them hold at a time. */
import type { Usage } from '@plumb/wire';
import type { Money } from './money.js';
import type { PeakHours } from './peak-hours.js';

/** What a million tokens cost. */
export interface Rates {
  readonly inputCacheHit: Money;
  readonly inputCacheMiss: Money;
  /** Reasoning included. */
  readonly output: Money;
}

/** The rates of a model: during peak hours others may hold. */
export interface Price extends Rates {
  readonly peak?: Rates | undefined;
}

/** What the rates of a price are for. */
const TOKENS_PER_RATE = 1_000_000n;

/** The rates that hold at a time (epoch ms). A request keeps those of its admission until its end. */
export function ratesAt(price: Price, peakHours: PeakHours, at: number): Rates {
  return price.peak !== undefined && peakHours.includes(at) ? price.peak : price;
}

/** The tokens that are paid for. */
export type PaidTokens = Pick<Usage, 'prompt_cache_hit_tokens' | 'prompt_cache_miss_tokens' | 'completion_tokens'>;

/** What tokens cost, rounded up to a whole nano-unit once for all of them. */
export function costOf(rates: Rates, usage: PaidTokens): Money {
  const millionths =
    rates.inputCacheHit * BigInt(usage.prompt_cache_hit_tokens) +
    rates.inputCacheMiss * BigInt(usage.prompt_cache_miss_tokens) +
    rates.output * BigInt(usage.completion_tokens);
  return (millionths + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE;
}

/** The most that a request can cost: nothing of its prompt is in the cache and its answer is as long as it may be. */
export function mostCost(rates: Rates, promptTokens: number, answerTokens: number): Money {
  const { inputCacheHit, inputCacheMiss } = rates;
  const input = inputCacheHit < inputCacheMiss ? rates : { ...rates, inputCacheMiss: inputCacheHit };
  return costOf(input, {
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: promptTokens,
    completion_tokens: answerTokens,
  });
}
