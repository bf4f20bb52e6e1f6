/** When a worker that died is followed by another one: at once, later while it keeps dying, and in the end not at all. */
import type { Clock } from '../observe/clock.js';

/** A worker that lived this long did not die of its start; in ms. */
const WELL_AFTER_MS = 10_000;
/** The pause after the second death in a row, in ms; it doubles from there. */
const FIRST_PAUSE_MS = 200;
/** How many deaths in a row are enough. */
export const DEATHS_MAX = 6;

/** The lives of one seat, one after the other. */
export class Restarts {
  readonly #clock: Clock;
  #startedAt = 0;
  #deathsInARow = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /** Returns the pause before the next start, in ms: 0, 200, 400, 800, 1600; undefined when there should be none. */
  died(): number | undefined {
    if (this.#clock.now() - this.#startedAt >= WELL_AFTER_MS) this.#deathsInARow = 0;
    this.#deathsInARow += 1;
    if (this.#deathsInARow >= DEATHS_MAX) return undefined;
    return this.#deathsInARow === 1 ? 0 : FIRST_PAUSE_MS * 2 ** (this.#deathsInARow - 2);
  }
}
