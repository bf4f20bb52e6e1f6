/** Counts what a run has done, and foretells its cost and its end. */
import type { LimiterSnapshot } from '../limiter/limiter.js';
import { createEstimator } from '../tokens/estimator.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import type { BatchRequest } from './batch-line.js';
import { countPrompt } from './check-batch.js';
import { MinuteRing, windowDelayMs } from './eta.js';
import type { TokenUse } from './output-line.js';
import { costOf, type PriceTable } from './price.js';

/** How long an answer is taken to be where neither the request nor an earlier answer says, in tokens. */
const ANSWER_TOKENS_GUESS = 4096;
const MINUTE_MS = 60_000;

export class Tally {
  succeeded = 0;
  failed = 0;
  promptTokens = 0;
  cachedTokens = 0;
  answerTokens = 0;
  readonly startedAt: number;
  readonly #prices: PriceTable | undefined;
  readonly #tokenCounter: TokenCounter;
  readonly #ended = new MinuteRing();
  #cost = 0n;
  #isCostKnown: boolean;
  /** Answers that told their tokens. */
  #measured = 0;
  #longestAnswer = 0;
  /** The most that requests in flight may cost. */
  #reserved = 0n;

  constructor(now: number, prices: PriceTable | undefined, tokenCounter: TokenCounter = createEstimator()) {
    this.startedAt = now;
    this.#prices = prices;
    this.#isCostKnown = prices !== undefined;
    this.#tokenCounter = tokenCounter;
  }

  /** What this run has cost; undefined when a price is not known. */
  get cost(): bigint | undefined {
    return this.#isCostKnown ? this.#cost : undefined;
  }

  /** What it has cost with the most that requests in flight may still cost. */
  get committed(): bigint {
    return this.#cost + this.#reserved;
  }

  /** The most that a request may cost now; undefined when its price is not known. */
  quote(request: BatchRequest, now: number): bigint | undefined {
    const rates = this.#prices?.ratesOf(request.model, now);
    if (rates === undefined) return undefined;
    const answer = request.answerTokensMax ?? (this.#longestAnswer || ANSWER_TOKENS_GUESS);
    return costOf(rates, { prompt: countPrompt(request, this.#tokenCounter), cached: 0, answer });
  }

  reserve(amount: bigint): void {
    this.#reserved += amount;
  }

  release(amount: bigint): void {
    this.#reserved -= amount;
  }

  /** A line has its answer, or has failed. */
  count(kind: 'answer' | 'failure', model: string, tokens: TokenUse | undefined, paidAt: number, now: number): void {
    if (kind === 'answer') this.succeeded += 1;
    else this.failed += 1;
    this.#ended.add(now, 1, tokens === undefined ? 0 : tokens.prompt + tokens.answer);
    if (tokens === undefined) return;
    this.#measured += 1;
    this.promptTokens += tokens.prompt;
    this.cachedTokens += tokens.cached;
    this.answerTokens += tokens.answer;
    this.#longestAnswer = Math.max(this.#longestAnswer, tokens.answer);
    const rates = this.#prices?.ratesOf(model, paidAt);
    if (rates === undefined) this.#isCostKnown = false;
    else this.#cost += costOf(rates, tokens);
  }

  /**
   * What the whole run will cost: its cost so far, and for each line that is left what the lines so far would have cost
   * at the prices of now.
   */
  projectCost(left: number | undefined, model: string | undefined, now: number): bigint | undefined {
    const rates = model === undefined ? undefined : this.#prices?.ratesOf(model, now);
    if (!this.#isCostKnown || left === undefined || rates === undefined || this.#measured === 0) return undefined;
    const tokens = { prompt: this.promptTokens, cached: this.cachedTokens, answer: this.answerTokens };
    return this.#cost + (costOf(rates, tokens) * BigInt(left)) / BigInt(this.#measured);
  }

  /** How long the lines that are left take, in ms. */
  estimateRemaining(left: number | undefined, limiter: LimiterSnapshot | undefined, now: number): number | undefined {
    if (left === undefined) return undefined;
    if (left === 0) return 0;
    const recent = this.#ended.read(now);
    const delays = [windowDelayMs(left, limitOf(limiter, 'requests'), recent.requests)];
    if (this.#measured > 0) {
      const tokensEach = (this.promptTokens + this.answerTokens) / this.#measured;
      delays.push(windowDelayMs(left * tokensEach, limitOf(limiter, 'tokens'), recent.tokens));
    }
    const isPaced = limiter?.binding === 'requests' || limiter?.binding === 'tokens';
    const doneLately = recent.requests.reduce((sum, value) => sum + value, 0);
    const span = Math.min(Math.max(now - this.startedAt, 1), MINUTE_MS);
    if (!isPaced && doneLately > 0) delays.push((left * span) / doneLately);
    const longest = Math.max(...delays);
    return longest > 0 ? longest : undefined;
  }
}

function limitOf(limiter: LimiterSnapshot | undefined, name: 'requests' | 'tokens'): number {
  return limiter?.axes.find(({ axis }) => axis === name)?.limit ?? Number.POSITIVE_INFINITY;
}
