/** Chooses the member that has least to do for its weight; among equals at random, by weight. */
import { type Candidate, type Choice, loadOf } from './choice.js';

export class LeastOutstanding implements Choice {
  readonly #random: () => number;

  /** `random` returns numbers from 0 up to and without 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  choose<C extends Candidate>(candidates: readonly C[]): C {
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) least = Math.min(least, loadOf(candidate));
    const equals = candidates.filter((candidate) => loadOf(candidate) === least);
    let rest = this.#random() * equals.reduce((sum, { weight }) => sum + weight, 0);
    for (const candidate of equals) {
      rest -= candidate.weight;
      if (rest < 0) return candidate;
    }
    // Rounding can leave a rest of nothing; there always is a candidate.
    return equals.at(-1) as C;
  }
}
