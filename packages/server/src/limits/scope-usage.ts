/** All that one scope uses of its limits, in memory. */
import { CONCURRENCY_RETRY_MS, type LimitKind, type Limits } from './limiter.js';
import { RollingWindow } from './rolling-window.js';

/** A window, and the requests that run. `prepare` comes before the other methods, with a time that never goes back. */
export class ScopeUsage extends RollingWindow {
  /** Requests taken in and not settled, counted whether they are limited or not. */
  #running = 0;

  /** How long until a request fits on one axis; 0 when it fits now, Infinity when it never can. */
  waitMs(kind: LimitKind, tokens: number, now: number): number {
    if (kind !== 'concurrency') return this.windowWaitMs(kind, kind === 'requests' ? 1 : tokens, now);
    const { concurrentRequests = Number.POSITIVE_INFINITY } = this.limits;
    if (this.#running < concurrentRequests) return 0;
    return concurrentRequests === 0 ? Number.POSITIVE_INFINITY : CONCURRENCY_RETRY_MS;
  }

  /** Takes in a request that fits on every axis. */
  take(tokens: number, now: number): void {
    this.book(tokens, now);
    this.#running += 1;
  }

  /** Ends a request that was taken in at a time, under limits, with a reservation. */
  settle(limits: Limits, takenAt: number, reservedTokens: number, actualTokens: number, now: number): void {
    this.#running -= 1;
    this.advance(now);
    if (limits.tokensPerMinute !== undefined) this.correct(takenAt, reservedTokens, actualTokens, now);
  }

  /** Whether nothing of it counts any more. */
  isIdle(now: number): boolean {
    if (this.#running > 0) return false;
    this.advance(now);
    return this.isEmpty;
  }
}
