/**
 * Limits over a true rolling window: in every half-open span of 60 s what is booked stays within them. Debts, which are
 * tokens beyond what was reserved, wait outside and are booked as room appears. `redis-window.ts` says the same in Lua.
 */
import { type Axis, EventLog } from './event-log.js';
import { type Gauge, type Limits, WINDOW_MS } from './limiter.js';

/**
 * Every method takes the time, which must never be before that of an earlier call; `advance` or `prepare` comes before
 * the others.
 *
 * It is a log, and does not have one, so that all that is known of a scope is in one place of the memory: where there are
 * many scopes, a decision takes as long as it takes to fetch them.
 */
export class RollingWindow extends EventLog {
  /** Those that hold. */
  protected limits: Limits = {};
  /** Tokens that were used and not booked yet. While there are any, the window is full of tokens, never empty. */
  #debt = 0;
  /** The last limit of tokens above 0, at whose pace debts are booked. */
  #pace = 0;

  /** Another window in the same state, for a look at what `prepare` would make of it, before this one changes again. */
  copy(): RollingWindow {
    const copy = new RollingWindow();
    // Nothing but a debt would be written: without, it can read the very events, which may be ten thousand.
    if (this.#debt === 0) copy.shareEvents(this);
    else copy.copyEvents(this);
    copy.limits = this.limits;
    copy.#debt = this.#debt;
    copy.#pace = this.#pace;
    return copy;
  }

  /**
   * Brings the window up to the time, with the limits that hold from now on. What is booked already stays, what is not
   * limited is not booked, and a debt is booked at the pace of the last limit above 0, also while there is none: time
   * pays it, a change of limits does not.
   */
  prepare(limits: Limits, now: number): void {
    this.advance(now);
    // Writing the same again would fetch one more place of the memory.
    if (this.limits !== limits) this.limits = limits;
    if (!limits.tokensPerMinute || limits.tokensPerMinute === this.#pace) return;
    this.#pace = limits.tokensPerMinute;
    this.#bookDebt(now);
  }

  /** Lets go what has left the window, and books debts at the very times at which there was room for them. */
  advance(now: number): void {
    while (!this.isEmpty && this.oldestAt + WINDOW_MS <= now) {
      const leavesAt = this.oldestAt + WINDOW_MS;
      this.dropOldest();
      this.#bookDebt(leavesAt);
    }
  }

  /** How long until an amount fits if nothing else comes; 0 when it fits now, Infinity when it never can. */
  windowWaitMs(axis: Axis, amount: number, now: number): number {
    const limit = this.#limitOf(axis);
    if (limit === undefined) return 0;
    if (amount > limit || limit === 0) return Number.POSITIVE_INFINITY;
    return this.#msUntilRoom(axis, limit, amount + (axis === 'tokens' ? this.#debt : 0), now);
  }

  /** Books a request that fits. */
  book(tokens: number, now: number): void {
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    const limitedRequests = requestsPerMinute === undefined ? 0 : 1;
    const limitedTokens = tokensPerMinute === undefined ? 0 : tokens;
    if (limitedRequests + limitedTokens > 0) this.add(now, limitedRequests, limitedTokens);
  }

  /** Replaces the tokens that were booked for a request at a time by what it really used. */
  correct(bookedAt: number, booked: number, used: number, now: number): void {
    if (used < booked) this.takeTokens(bookedAt, booked - used);
    else this.#debt += used - booked;
    this.#bookDebt(now);
  }

  /** Undefined for an axis that is not limited. */
  gauge(axis: Axis, now: number): Gauge | undefined {
    const limit = this.#limitOf(axis);
    if (limit === undefined) return undefined;
    return { limit, remaining: Math.max(0, limit - this.booked(axis)), resetMs: this.#resetMs(axis, now) };
  }

  #resetMs(axis: Axis, now: number): number {
    if (axis === 'tokens' && this.#debt > 0) return this.#msUntilRoom(axis, this.#pace, this.#debt, now) + WINDOW_MS;
    const newestAt = this.newestAt(axis);
    return newestAt === undefined ? 0 : newestAt + WINDOW_MS - now;
  }

  /**
   * How long until there is room for an amount, debts included.
   *
   * While debts wait, whatever leaves is replaced by debt of the same amount, so the window repeats itself 60 s later and
   * need not be played through: there is room when as many units have left as it takes.
   */
  #msUntilRoom(axis: Axis, limit: number, needed: number, now: number): number {
    const repetitions = needed === 0 ? 0 : Math.floor((needed - 1) / limit);
    const lastUnit = this.booked(axis) - limit + needed - repetitions * limit;
    if (lastUnit <= 0) return 0;
    return this.timeOfUnit(axis, lastUnit) + (repetitions + 1) * WINDOW_MS - now;
  }

  #bookDebt(now: number): void {
    if (this.#debt === 0) return;
    const amount = Math.min(this.#debt, this.#pace - this.booked('tokens'));
    if (amount <= 0) return;
    this.#debt -= amount;
    this.add(now, 0, amount);
  }

  #limitOf(axis: Axis): number | undefined {
    return axis === 'requests' ? this.limits.requestsPerMinute : this.limits.tokensPerMinute;
  }
}
