/** One timer for all streams of an engine looks whether they are still alive, so that a piece of an answer costs none. */
import type { Timers } from '../../limits/timers.js';
import { type Placed, UnderWay } from '../under-way.js';

/** What the timer needs of a stream. */
export interface Watched extends Placed {
  /** Ticks since it last gave a sign of life; it sets this to 0 itself. */
  silentTicks: number;
  /** How long it may be silent, in ms; undefined while that does not matter. */
  readonly silenceMaxMs: number | undefined;
  onSilence(): void;
}

/** The shortest and longest time between two looks, in ms. */
const TICK_MIN_MS = 10;
const TICK_MAX_MS = 1000;
/** Looks within the shortest time-out: one is late by at most a tenth. */
const TICKS_PER_TIMEOUT = 10;

export class SilenceWatch<Stream extends Watched> {
  readonly #timers: Timers;
  readonly #tickMs: number;
  readonly #watched = new UnderWay<Stream>();
  /** The timer ends by itself when it finds nothing to watch: to set it for every stream would cost more. */
  #isTicking = false;

  /** @param shortestMs The shortest time-out that is watched, in ms. */
  constructor(timers: Timers, shortestMs: number) {
    this.#timers = timers;
    this.#tickMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, shortestMs / TICKS_PER_TIMEOUT));
  }

  /** The streams that are watched. */
  get streams(): readonly Stream[] {
    return this.#watched.list();
  }

  add(stream: Stream): void {
    this.#watched.add(stream);
    if (!this.#isTicking) this.#tickLater();
  }

  remove(stream: Stream): void {
    this.#watched.remove(stream);
  }

  #tickLater(): void {
    this.#isTicking = true;
    this.#timers.after(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    this.#isTicking = false;
    if (this.#watched.size > 0) this.#tickLater();
    for (const stream of this.streams) {
      const limit = stream.silenceMaxMs;
      if (limit === undefined) continue;
      stream.silentTicks += 1;
      // The first tick came early by up to a whole one.
      if ((stream.silentTicks - 1) * this.#tickMs >= limit) stream.onSilence();
    }
  }
}
