/** Which token two neighbours become: a hash table in plain arrays, a fraction of the size and the time of a `Map`. */
import { FIRST_MERGE, type Vocabulary } from './vocabulary.js';

/** Four times as many places as merges, so that most searches end at the first. */
const PLACES = 2 ** 19;

export class MergeTable {
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  /** In each place a merged token, 0 for none. */
  readonly #places = new Int32Array(PLACES);

  constructor({ left, right }: Vocabulary) {
    this.#left = left;
    this.#right = right;
    for (let merge = 0; merge < left.length; merge++) {
      let place = placeOf(left[merge]!, right[merge]!);
      while (this.#places[place] !== 0) place = (place + 1) & (PLACES - 1);
      this.#places[place] = FIRST_MERGE + merge;
    }
  }

  /** How many merges there are. */
  get size(): number {
    return this.#left.length;
  }

  /** The token that two neighbours become, 0 when they stay two. Lower ones go first. */
  find(left: number, right: number): number {
    let place = placeOf(left, right);
    for (;;) {
      const token = this.#places[place]!;
      if (token === 0) return 0;
      const merge = token - FIRST_MERGE;
      if (this.#left[merge] === left && this.#right[merge] === right) return token;
      place = (place + 1) & (PLACES - 1);
    }
  }
}

function placeOf(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca77);
  return (mixed ^ (mixed >>> 15)) & (PLACES - 1);
}
