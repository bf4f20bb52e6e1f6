/** Learns how long answers are, so that as many tokens are set aside for the next one as it is likely to take. */
import { RunningQuantile } from './quantile.js';

/** The share of answers that should not take more than what was set aside for them. */
const COVERED_SHARE = 0.8;
/** Tokens of an answer of which nothing is known. */
const TOKENS_AT_FIRST = 1024;
/**
 * How many answers it takes until their quantile is believed. The first ones to come back are the short ones, so until
 * then it is the longest of them, and a quarter.
 */
const ANSWERS_BELIEVED = 20;
/** How many answers it takes until nothing is known. */
const ANSWERS_MIN = 5;
/** After how many answers the older ones are forgotten, so that the figure follows what is usual now. */
const ANSWERS_REMEMBERED = 256;

/** How many standard deviations above their mean many answers together are expected at most. */
const DEVIATIONS = 2;

export class AnswerLengths {
  #current = new Lengths();
  #coming = new Lengths();

  /** Takes in the tokens of a finished answer. */
  observe(tokens: number, durationMs: number): void {
    this.#current.observe(tokens, durationMs);
    this.#coming.observe(tokens, durationMs);
    if (this.#coming.count < ANSWERS_REMEMBERED) return;
    this.#current = this.#coming;
    this.#coming = new Lengths();
  }

  /** The most that an answer is expected to take; never more than it can (`max_tokens`), where that is known. */
  expected(most: number | undefined): number {
    return Math.ceil(Math.min(this.#typical() ?? most ?? TOKENS_AT_FIRST, most ?? Number.POSITIVE_INFINITY));
  }

  /**
   * The most that several answers under way are expected to take together, which is less than the sum for each of them:
   * not all of them are long. But what takes long is under way longer, so every answer weighs as much as it took.
   */
  expectedTogether(answers: number): number {
    const { count, weightedMean, variance } = this.#current;
    if (count < ANSWERS_BELIEVED) return Number.POSITIVE_INFINITY;
    return answers * weightedMean + DEVIATIONS * Math.sqrt(answers * variance);
  }

  #typical(): number | undefined {
    const { count, longest, quantile } = this.#current;
    if (count < ANSWERS_MIN) return undefined;
    return count < ANSWERS_BELIEVED ? longest * 1.25 : quantile;
  }
}

/** What is known of some lengths; mean and variance by Welford's method. */
class Lengths {
  readonly #quantile = new RunningQuantile(COVERED_SHARE);
  longest = 0;
  #mean = 0;
  #squares = 0;
  #durationsMs = 0;
  #weighted = 0;

  get count(): number {
    return this.#quantile.count;
  }

  get quantile(): number | undefined {
    return this.#quantile.value;
  }

  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }

  /** The mean of those that are under way at a time. */
  get weightedMean(): number {
    return this.#durationsMs > 0 ? this.#weighted / this.#durationsMs : this.#mean;
  }

  observe(tokens: number, durationMs: number): void {
    this.#durationsMs += durationMs;
    this.#weighted += tokens * durationMs;
    this.#quantile.observe(tokens);
    this.longest = Math.max(this.longest, tokens);
    const difference = tokens - this.#mean;
    this.#mean += difference / this.count;
    this.#squares += difference * (tokens - this.#mean);
  }
}
