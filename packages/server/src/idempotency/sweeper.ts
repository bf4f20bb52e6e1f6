/** Deletes answers that have expired: beside the way of requests, which do not see them any more anyway. */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { KeptAnswerStore } from './kept-answer.js';

/** The pause between two sweeps, in ms. */
export const SWEEP_INTERVAL_MS = 60_000;
/** The most answers of one statement, so that none takes long; a sweep makes as many statements as it needs. */
export const SWEEP_LENGTH_MAX = 500;

export interface SweeperOptions {
  readonly store: Pick<KeptAnswerStore, 'sweep'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told of a sweep that failed; the next one tries again. */
  onError(error: unknown): void;
}

export class Sweeper {
  readonly #options: SweeperOptions;
  #callOff = () => {};
  #sweeping: Promise<void> = Promise.resolve();
  #isEnded = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Sweeps from now on, the first time after one interval. */
  begin(): void {
    this.#callOff = this.#options.timers.after(SWEEP_INTERVAL_MS, () => {
      this.#sweeping = this.#sweep()
        .catch(this.#options.onError)
        .then(() => {
          if (!this.#isEnded) this.begin();
        });
    });
  }

  /** Resolves when no sweep is under way any more. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#callOff();
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#options;
    let swept = SWEEP_LENGTH_MAX;
    while (swept === SWEEP_LENGTH_MAX && !this.#isEnded) swept = await store.sweep(clock.now(), SWEEP_LENGTH_MAX);
  }
}
