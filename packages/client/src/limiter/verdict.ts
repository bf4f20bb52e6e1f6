/** How long to wait until what was not refused can be taken for admitted: refusals come sooner than answers. */

/** How long a refusal takes to arrive, in ms, until one has. */
const VERDICT_MS = 250;
const VERDICT_MAX_MS = 2000;
/** Some refusals take longer than the slowest so far. */
const MARGIN = 1.5;

export class Verdict {
  #slowest = 0;

  /** In ms. */
  get ms(): number {
    return Math.min(VERDICT_MAX_MS, Math.max(VERDICT_MS, this.#slowest * MARGIN));
  }

  /** A refusal has come this long after its request was sent. */
  observe(delayMs: number): void {
    // Slow ones that are long past count less and less.
    this.#slowest = Math.max(delayMs, this.#slowest * 0.95);
  }
}
