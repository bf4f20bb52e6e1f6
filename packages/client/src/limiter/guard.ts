/**
 * The guard: how much longer than the window a slot stays taken. A server counts a request when it arrives, at a time that
 * nobody tells us; the slot may be used again 60 s after the latest time at which that can have been.
 *
 * A request that was sent at s arrives between s and s + the guard, and no later than its answer began. Using a slot again
 * at s + 60 s + the guard is safe as long as no request is under way longer than the guard; it costs guard / 60 s of the
 * limit, 0.4 % at first. Waiting for the beginning of each answer instead would be safe always, and cost a third of the
 * limit with answers of 30 s, because most endpoints send the headers with the answer. So: the guard, but no longer than
 * all answers of the last minutes took to begin. A refusal that nothing but a longer way explains makes it longer.
 */
import { WINDOW_MS } from './window.js';

/** The guard at first, in ms, and the one that it goes back to. */
const GUARD_MS = 250;
/** The longest guard, in ms: 2 % of the window. */
export const GUARD_MAX_MS = 1200;
/** The shortest, in ms: clocks are read in whole ms at both ends, and drift a little in a minute. */
const GUARD_MIN_MS = 5;
const WIDER = 1.5;
/** How much narrower it gets with each window without a refusal. */
const NARROWER = 0.9;
/** How many answers must have been timed before they say something. */
const ANSWERS_MIN = 20;

export class Guard {
  #adapted = GUARD_MS;
  #changedAt = Number.NEGATIVE_INFINITY;
  /** The longest times that answers took to begin, in this span of a window and in the one before it. */
  #slowest = 0;
  #slowestBefore = 0;
  #spanSince = Number.NEGATIVE_INFINITY;
  #answers = 0;

  /** In ms. */
  get ms(): number {
    if (this.#answers < ANSWERS_MIN) return this.#adapted;
    const slowest = Math.max(this.#slowest, this.#slowestBefore);
    return Math.max(GUARD_MIN_MS, Math.min(this.#adapted, slowest + GUARD_MIN_MS));
  }

  /** An answer began this long after its request was sent; less what the endpoint says it spent in between. */
  observe(delayMs: number, now: number): void {
    if (now - this.#spanSince > 2 * WINDOW_MS) {
      this.#slowestBefore = this.#slowest;
      this.#slowest = 0;
      this.#spanSince = now;
    }
    this.#slowest = Math.max(this.#slowest, delayMs);
    this.#answers += 1;
  }

  /** A request that was sent at a time was refused because it came too early; returns whether the guard is wider now. */
  widen(sentAt: number, now: number): boolean {
    // What was sent before the last change says nothing about the guard of now.
    if (sentAt < this.#changedAt) return false;
    // As the endpoint counts by times that we cannot see, the times of answers say nothing about it.
    this.#answers = Number.NEGATIVE_INFINITY;
    this.#adapted = Math.min(GUARD_MAX_MS, this.#adapted * WIDER);
    this.#changedAt = now;
    return true;
  }

  /** Narrows it again, slowly, while nothing is refused. */
  relax(now: number): void {
    if (this.#adapted <= GUARD_MS || now - this.#changedAt < WINDOW_MS) return;
    this.#adapted = Math.max(GUARD_MS, this.#adapted * NARROWER);
    this.#changedAt = now;
  }
}
