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

export class AnswerLengths {
  #current = new RunningQuantile(COVERED_SHARE);
  #coming = new RunningQuantile(COVERED_SHARE);
  #longest = 0;

  /** Takes in the tokens of a finished answer. */
  observe(tokens: number): void {
    this.#longest = Math.max(this.#longest, tokens);
    this.#current.observe(tokens);
    this.#coming.observe(tokens);
    if (this.#coming.count < ANSWERS_REMEMBERED) return;
    this.#current = this.#coming;
    this.#coming = new RunningQuantile(COVERED_SHARE);
  }

  /** The most that an answer is expected to take; never more than it can (`max_tokens`), where that is known. */
  expected(most: number | undefined): number {
    return Math.ceil(Math.min(this.#typical() ?? most ?? TOKENS_AT_FIRST, most ?? Number.POSITIVE_INFINITY));
  }

  #typical(): number | undefined {
    if (this.#current.count < ANSWERS_MIN) return undefined;
    if (this.#current.count < ANSWERS_BELIEVED) return this.#longest * 1.25;
    return this.#current.value;
  }
}
