/** How long to pause before a dead engine is started again: at once the first time, then doubling while it keeps dying. */
import type { Clock } from '../../observe/clock.js';

/** The pause after the second death in a row, in ms; it doubles from there. */
const FIRST_PAUSE_MS = 250;
const PAUSE_MAX_MS = 30_000;
/** An engine that ran this long is taken for well: the next death is a first one again. In ms. */
const WELL_AFTER_MS = 60_000;

export class RestartBackoff {
  readonly #clock: Clock;
  #deathsInARow = 0;
  #startedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The engine can answer. */
  started(): void {
    this.#startedAt = this.#clock.now();
  }

  /** The engine has died; returns the pause before the next start, in ms: 0, 250, 500 … 30,000. */
  nextDelayMs(): number {
    const ranMs = this.#startedAt === undefined ? 0 : this.#clock.now() - this.#startedAt;
    this.#startedAt = undefined;
    if (ranMs >= WELL_AFTER_MS) this.#deathsInARow = 0;
    this.#deathsInARow += 1;
    if (this.#deathsInARow === 1) return 0;
    return Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** (this.#deathsInARow - 2));
  }
}
