/** Merging the tokens of a short word: looks all pairs through for each merge, which is the fastest while they are few. */
import type { MergeTable } from './merge-table.js';

/** The longest word, in bytes, that is merged this way: beyond it `merge-long.ts` is faster. */
export const SHORT_WORD_MAX = 128;

const NO_PAIR = 0x7fffffff;

export class ShortMerger {
  /** The tokens of the word: put its bytes' tokens here, then call `merge`. */
  readonly tokens = new Int32Array(SHORT_WORD_MAX);
  readonly #table: MergeTable;
  /** What each token would become with the one after it. */
  readonly #pairs = new Int32Array(SHORT_WORD_MAX);

  constructor(table: MergeTable) {
    this.#table = table;
  }

  /**
   * Merges the first `length` of `tokens` in place.
   *
   * @returns How many are left.
   */
  merge(length: number): number {
    for (let index = 0; index + 1 < length; index++) this.#pairUp(index);
    let left = length;
    while (left > 1) {
      const first = this.#firstToMerge(left - 1);
      if (first < 0) break;
      this.#mergeAt(first, left);
      left -= 1;
    }
    return left;
  }

  /** The place of the pair that goes first, the leftmost of equals; -1 when nothing can be merged. */
  #firstToMerge(pairs: number): number {
    let lowest = NO_PAIR;
    let place = -1;
    for (let index = 0; index < pairs; index++) {
      if (this.#pairs[index]! >= lowest) continue;
      lowest = this.#pairs[index]!;
      place = index;
    }
    return place;
  }

  #mergeAt(place: number, length: number): void {
    this.tokens[place] = this.#pairs[place]!;
    for (let index = place + 1; index + 1 < length; index++) {
      this.tokens[index] = this.tokens[index + 1]!;
      this.#pairs[index] = this.#pairs[index + 1]!;
    }
    if (place > 0) this.#pairUp(place - 1);
    if (place + 2 < length) this.#pairUp(place);
  }

  #pairUp(index: number): void {
    this.#pairs[index] = this.#table.find(this.tokens[index]!, this.tokens[index + 1]!) || NO_PAIR;
  }
}
