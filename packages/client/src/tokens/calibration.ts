/**
 * Learns how counts of one model relate to what its endpoint reports: `actual = factor · counted + overhead`, the factor
 * for a vocabulary that differs and the overhead for what a template adds. Errors count by their share of the prompt, new
 * reports for more than old ones, and without reports both stay at what they would be for an exact count.
 */

/** What each report is worth once the next one has come. */
const MEMORY = 0.98;
/**
 * How much a factor other than 1 and an overhead other than 0 are doubted: the square of how far single counts are off (3 %)
 * by that of what is expected of the two (0.3, and one and a half times the scale).
 */
const FACTOR_DOUBT = 0.01;
const OVERHEAD_DOUBT = 0.0005;
/** The scale of overheads, in tokens. */
const OVERHEAD_SCALE = 32;
const FACTOR_MIN = 0.25;
const FACTOR_MAX = 4;
const OVERHEAD_MAX = 8192;
/** Counts whose origin is remembered until their reports come. */
const PENDING_MAX = 1024;

export class Calibration {
  #factor = 1;
  #overhead = 0;
  /** The sums of the normal equations: over products of the two columns, and of each with what is left to explain. */
  #factors = 0;
  #mixed = 0;
  #overheads = 0;
  #factorRest = 0;
  #overheadRest = 0;
  /**
   * From corrected counts to the ones that they were made of. By the time a report comes the correction may be another
   * one, and to learn from it as if it had been the same would correct twice.
   */
  readonly #pending = new Map<number, number>();

  /** Corrects a count. */
  correct(counted: number): number {
    const corrected = Math.max(0, Math.round(this.#factor * counted + this.#overhead));
    if (this.#pending.size >= PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value ?? 0);
    this.#pending.set(corrected, counted);
    return corrected;
  }

  /** Takes over a report for a corrected count. Both must be above 0. */
  learn(corrected: number, actual: number): void {
    const counted = this.#pending.get(corrected) ?? Math.max(0, (corrected - this.#overhead) / this.#factor);
    const factor = counted / actual;
    const overhead = OVERHEAD_SCALE / actual;
    const rest = 1 - factor;
    this.#factors = MEMORY * this.#factors + factor * factor;
    this.#mixed = MEMORY * this.#mixed + factor * overhead;
    this.#overheads = MEMORY * this.#overheads + overhead * overhead;
    this.#factorRest = MEMORY * this.#factorRest + factor * rest;
    this.#overheadRest = MEMORY * this.#overheadRest + overhead * rest;
    this.#solve();
  }

  #solve(): void {
    const factors = this.#factors + FACTOR_DOUBT;
    const overheads = this.#overheads + OVERHEAD_DOUBT;
    const determinant = factors * overheads - this.#mixed * this.#mixed;
    const factor = (this.#factorRest * overheads - this.#overheadRest * this.#mixed) / determinant;
    const overhead = (this.#overheadRest * factors - this.#factorRest * this.#mixed) / determinant;
    this.#factor = Math.min(Math.max(1 + factor, FACTOR_MIN), FACTOR_MAX);
    this.#overhead = Math.min(Math.max(overhead * OVERHEAD_SCALE, -OVERHEAD_MAX), OVERHEAD_MAX);
  }
}
