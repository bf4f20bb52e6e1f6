/**
 * Keeps silent answers alive: one timer for the whole server looks over the open answers, so that none needs a timer of
 * its own and a chunk costs none at all.
 */
import { type Placed, UnderWay } from '../engines/under-way.js';
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';

/** What the timer needs of an open answer. */
export interface KeptAlive extends Placed {
  /** When something was last written to the client, or the answer was opened; epoch ms. */
  readonly lastWriteAt: number;
  /** When the answer was opened if inference has not begun yet, undefined once it has; epoch ms. */
  readonly waitingSince: number | undefined;
  /** Writes something that a client skips. */
  keepAlive(): void;
  /** Ends an answer whose inference did not begin in time. */
  giveUp(): void;
}

export interface KeepAliveOptions {
  readonly clock: Clock;
  /** They go as fast as the clock does. */
  readonly timers: Timers;
  /** Silence after which something is written, in ms. */
  intervalMs: number;
  /** How long an answer may wait for its inference to begin, in ms. */
  startTimeoutMs: number;
}

/** The shortest and longest time between two looks, in ms. */
const TICK_MIN_MS = 10;
const TICK_MAX_MS = 1000;
/** Looks within one interval: a keep-alive is late by at most a tenth of it. */
const TICKS_PER_INTERVAL = 10;

export class KeepAlives {
  readonly #options: KeepAliveOptions;
  readonly #open = new UnderWay<KeptAlive>();
  /** The timer ends by itself when it finds nothing open: to set it for every request would cost more. */
  #isTicking = false;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
  }

  /** How many answers are open. */
  get size(): number {
    return this.#open.size;
  }

  add(answer: KeptAlive): void {
    this.#open.add(answer);
    this.#isTicking ||= this.#tickLater();
  }

  remove(answer: KeptAlive): void {
    this.#open.remove(answer);
  }

  /** Looks over the open answers once; the timer calls it. */
  tick(): void {
    const now = this.#options.clock.now();
    for (const answer of this.#open.list()) {
      if (answer.waitingSince !== undefined && now - answer.waitingSince >= this.#options.startTimeoutMs)
        answer.giveUp();
      else if (now - answer.lastWriteAt >= this.#options.intervalMs) answer.keepAlive();
    }
  }

  #tickLater(): true {
    this.#options.timers.after(this.#tickMs(), () => {
      this.tick();
      this.#isTicking = this.#open.size > 0 && this.#tickLater();
    });
    return true;
  }

  #tickMs(): number {
    const shortest = Math.min(this.#options.intervalMs, this.#options.startTimeoutMs);
    return Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, shortest / TICKS_PER_INTERVAL));
  }
}
