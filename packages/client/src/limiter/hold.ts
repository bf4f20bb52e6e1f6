/** A pause after a refusal, and the one request that goes ahead when it is over. */
import type { Verdict } from './verdict.js';

/** The shortest pause without a hint, in ms; it doubles with each refusal in a row. */
const PAUSE_MS = 250;
const PAUSE_MAX_MS = 5000;

export class Hold {
  readonly #verdict: Verdict;
  #until = Number.NEGATIVE_INFINITY;
  /** Whether the next one that leaves does so alone. */
  #isProbeDue = false;
  #passedAt = Number.NEGATIVE_INFINITY;
  #pauseMs = PAUSE_MS;
  /** What must be given back at the most until there is room before the end of the pause. */
  #lacking = Number.POSITIVE_INFINITY;

  constructor(verdict: Verdict) {
    this.#verdict = verdict;
  }

  /** When the next one may leave, in ms since the epoch. */
  get until(): number {
    return this.#until;
  }

  /**
   * Pauses for as long as the endpoint says, or for a little and more each time.
   *
   * @param lacking With how much given back the refused request fits for certain. Default: nothing is given back.
   */
  begin(retryAfterMs: number | undefined, now: number, lacking = Number.POSITIVE_INFINITY): void {
    this.#lacking = now < this.#until ? Math.max(this.#lacking, lacking) : lacking;
    const pauseMs = retryAfterMs ?? this.#pauseMs;
    if (retryAfterMs === undefined && now >= this.#until) this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS);
    this.#until = Math.max(this.#until, now + pauseMs);
    this.#isProbeDue = true;
  }

  /**
   * Something was given back. How long to wait is said for the case that nothing is, so the pause is over as soon as there
   * is room for the one that was refused.
   */
  gaveBack(amount: number, now: number): void {
    if (!this.#isProbeDue) return;
    this.#lacking -= amount;
    if (this.#lacking <= 0) this.#until = Math.min(this.#until, now);
  }

  /** One leaves. The first one after a pause does so alone: the others wait until it would have been refused by now. */
  pass(now: number): void {
    if (!this.#isProbeDue) return;
    this.#isProbeDue = false;
    this.#passedAt = now;
    this.#until = now + this.#verdict.ms;
  }

  /** One that left after the pause has its answer. */
  succeed(sentAt: number): void {
    if (this.#isProbeDue || sentAt < this.#passedAt) return;
    this.#pauseMs = PAUSE_MS;
    this.#until = Math.min(this.#until, sentAt);
  }
}
