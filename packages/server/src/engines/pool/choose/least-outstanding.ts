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
    let weights = 0;
    for (const candidate of candidates) {
      const load = loadOf(candidate);
      if (load > least) continue;
      weights = (load === least ? weights : 0) + candidate.weight;
      least = load;
    }
    let rest = this.#random() * weights;
    let chosen: C | undefined;
    for (const candidate of candidates) {
      if (loadOf(candidate) !== least) continue;
      chosen = candidate;
      rest -= candidate.weight;
      if (rest < 0) break;
    }
    // Rounding can leave a rest of nothing after the last; there always is a candidate.
    return chosen as C;
  }
}
