/** One timer for all streams of an engine looks whether they are still alive, so that a piece of an answer costs none. */
import type { Timers } from '../../limits/timers.js';

/** What the timer needs of a stream. */
export interface Watched {
  /** Ticks since it last gave a sign of life; it sets this to 0 itself. */
  silentTicks: number;
  /** How long it may be silent, in ms; undefined while that does not matter. */
  readonly silenceMaxMs: number | undefined;
  /** Where the watch keeps it; nobody else's. */
  watchPlace: number;
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
  /**
   * No Set, whose tables are made anew again and again where much comes and goes: old ones point to newer ones, so that
   * those which have become old keep all that was in them since from being collected in passing.
   */
  readonly #watched: Stream[] = [];
  /** The timer ends by itself when it finds nothing to watch: to set it for every stream would cost more. */
  #isTicking = false;

  /** @param shortestMs The shortest time-out that is watched, in ms. */
  constructor(timers: Timers, shortestMs: number) {
    this.#timers = timers;
    this.#tickMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, shortestMs / TICKS_PER_TIMEOUT));
  }

  /** The streams that are watched. */
  get streams(): readonly Stream[] {
    return [...this.#watched];
  }

  add(stream: Stream): void {
    stream.watchPlace = this.#watched.push(stream) - 1;
    if (!this.#isTicking) this.#tickLater();
  }

  remove(stream: Stream): void {
    const place = stream.watchPlace;
    if (this.#watched[place] !== stream) return;
    const last = this.#watched.pop() as Stream;
    if (last === stream) return;
    this.#watched[place] = last;
    last.watchPlace = place;
  }

  #tickLater(): void {
    this.#isTicking = true;
    this.#timers.after(this.#tickMs, () => this.#tick());
  }

  #tick(): void {
    this.#isTicking = false;
    if (this.#watched.length > 0) this.#tickLater();
    for (const stream of this.streams) {
      const limit = stream.silenceMaxMs;
      if (limit === undefined) continue;
      stream.silentTicks += 1;
      // The first tick came early by up to a whole one.
      if ((stream.silentTicks - 1) * this.#tickMs >= limit) stream.onSilence();
    }
  }
}
