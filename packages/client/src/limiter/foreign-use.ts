/**
 * Finds out from the headers of answers what others use of the same limits: other processes with the same key, debts, what
 * the endpoint sets aside beyond our own reservation.
 *
 * Where many requests are under way nobody can say how many of them a header counts. So there are two bounds of what is
 * ours in it: what was there for certain, and what can have been there. Only what lies outside of them says something.
 */
import { type Rate, RollingWindow } from './window.js';

/** What was ours when a request was sent; the endpoint counted at a time between that and the guard. */
export interface OwnUse {
  readonly most: number;
  readonly least: number;
}

/** How long, in ms, foreign use alone may hold us up until the endpoint is asked again; it doubles while nothing is new. */
const ASK_AGAIN_MS = 2000;
const ASK_AGAIN_MAX_MS = 8000;

export class ForeignUse {
  readonly window = new RollingWindow();
  readonly #rate: Rate;
  /** The entries of the window, oldest first. */
  #entries: number[] = [];
  #askAt = Number.NEGATIVE_INFINITY;
  #pauseMs = ASK_AGAIN_MS;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** What others use, as far as is known. */
  get used(): number {
    return this.window.used(this.#rate);
  }

  /** When the use of others alone is no reason to wait any more. */
  get askAt(): number {
    return this.#askAt;
  }

  /**
   * The endpoint says how much is used; `own` is what of it is ours.
   *
   * @param countedAt When it counted, at the latest.
   */
  reconcile(used: number, own: OwnUse, countedAt: number, now: number): void {
    const known = this.used;
    const least = Math.max(0, used - own.most);
    const most = Math.max(0, used - own.least);
    if (known < least) this.#grow(least - known, countedAt, now);
    else if (known > most) this.#shrink(known - most);
  }

  /** Somebody was let through in spite of it, to ask. */
  asked(now: number): void {
    if (now < this.#askAt) return;
    this.#askAt = now + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, ASK_AGAIN_MAX_MS);
  }

  #grow(amount: number, countedAt: number, now: number): void {
    const isRequests = this.#rate === 'requests';
    this.#entries = this.#entries.filter((entry) => this.window.counts(entry));
    this.#entries.push(this.window.add(countedAt, isRequests ? amount : 0, isRequests ? 0 : amount));
    this.#askAt = Math.max(this.#askAt, now + this.#pauseMs);
  }

  #shrink(amount: number): void {
    this.#pauseMs = ASK_AGAIN_MS;
    let left = amount;
    for (const entry of this.#entries) {
      if (!this.window.counts(entry)) continue;
      const taken = Math.min(left, this.window.amount(entry, this.#rate));
      this.window.correct(entry, this.#rate, this.window.amount(entry, this.#rate) - taken);
      left -= taken;
    }
  }
}
