/**
 * Where requests wait while every member that is up has as many as it works on. Bounded in length and in time, and fair
 * between accounts: deficit round robin over the tokens that a request is expected to take.
 *
 * Accounts take turns. A turn begins with `QUANTUM_TOKENS` of credit; while there is credit, the oldest request of the
 * account goes and its tokens are taken off, where the last one may go below zero: that is paid back in later turns, also
 * by an account that has nothing waiting by then. So over any time in which two accounts wait, neither gets more than the
 * other by more than a quantum and one request. Every step looks at one account; an account is passed over only for tokens
 * that it has had, so there are never more steps than requests and quanta of tokens that went.
 */
import type { Timers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';

/** Tokens of one turn. */
export const QUANTUM_TOKENS = 4096;
/** Requests that came back which are asked for each place, so that many that cannot use it do not cost more. */
const RETURNED_ASKED_MAX = 64;

/** Who waits. */
export interface Waiter {
  readonly account: string;
  /** What it is expected to take; at least 1. */
  readonly tokens: number;
}

export interface FairQueueOptions<W extends Waiter> {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How many may wait; those that come back are let in beyond it. */
  maxLength: number;
  /** How long one waits at most, in ms. */
  maxWaitMs: number;
  /** Called for each that has waited too long, after it has left. */
  readonly onLate: (waiter: W) => void;
}

/** The requests of one account. */
interface Line<W> {
  readonly waiters: Set<W>;
  /** Tokens that may go before the next account has its turn. */
  credit: number;
}

export class FairQueue<W extends Waiter> {
  readonly #options: FairQueueOptions<W>;
  /** Lines in the order of their turns. */
  readonly #lines = new Map<string, Line<W>>();
  /** Those that had their turn already and came back for another place; oldest first. */
  readonly #returned = new Set<W>();
  /** All who wait, with the time at which they came; oldest first. */
  readonly #arrivals = new Map<W, number>();
  #cancelTimer: (() => void) | undefined;

  constructor(options: FairQueueOptions<W>) {
    this.#options = { ...options };
  }

  get length(): number {
    return this.#arrivals.size;
  }

  /** Without those that came back. */
  get inTurns(): number {
    return this.#arrivals.size - this.#returned.size;
  }

  /** Who waits, oldest first. */
  get waiters(): Iterable<W> {
    return this.#arrivals.keys();
  }

  /** Those of them that came back, oldest first. */
  get returned(): Iterable<W> {
    return this.#returned;
  }

  /** Changes its bounds, also for those who wait. */
  configure({ maxLength, maxWaitMs }: Pick<FairQueueOptions<W>, 'maxLength' | 'maxWaitMs'>): void {
    this.#options.maxLength = maxLength;
    this.#options.maxWaitMs = maxWaitMs;
    this.#arm();
  }

  /** Lets one wait for its turn; returns false when too many do. */
  join(waiter: W): boolean {
    if (this.inTurns >= this.#options.maxLength) return false;
    const line = this.#lines.get(waiter.account);
    if (line === undefined) this.#lines.set(waiter.account, { waiters: new Set([waiter]), credit: QUANTUM_TOKENS });
    else line.waiters.add(waiter);
    this.#arrive(waiter);
    return true;
  }

  /** Lets one wait again whose turn it was already: before all others. */
  rejoin(waiter: W): void {
    this.#returned.add(waiter);
    this.#arrive(waiter);
  }

  /** Returns false when it did not wait. */
  leave(waiter: W): boolean {
    if (!this.#arrivals.delete(waiter)) return false;
    this.#returned.delete(waiter);
    this.#lines.get(waiter.account)?.waiters.delete(waiter);
    if (this.length === 0) this.#rest();
    return true;
  }

  /** Takes out who is next, if it can start; those that came back are passed over while they cannot. */
  next(canStart: (waiter: W) => boolean): W | undefined {
    let asked = 0;
    for (const waiter of this.#returned) {
      if (++asked > RETURNED_ASKED_MAX) break;
      if (!canStart(waiter)) continue;
      this.leave(waiter);
      return waiter;
    }
    const turn = this.#findTurn();
    if (turn === undefined || !canStart(turn.waiter)) return undefined;
    turn.line.credit -= turn.waiter.tokens;
    this.leave(turn.waiter);
    return turn.waiter;
  }

  /** Passes the turn on until it is with an account that has credit and somebody waiting. */
  #findTurn(): { readonly line: Line<W>; readonly waiter: W } | undefined {
    if (this.inTurns === 0) return undefined;
    for (;;) {
      const [first] = this.#lines;
      if (first === undefined) return undefined;
      const [account, line] = first;
      const [waiter] = line.waiters;
      if (line.credit > 0 && waiter !== undefined) return { line, waiter };
      this.#lines.delete(account);
      if (line.credit > 0) continue;
      line.credit += QUANTUM_TOKENS;
      this.#lines.set(account, line);
    }
  }

  #arrive(waiter: W): void {
    this.#arrivals.set(waiter, this.#options.clock.now());
    if (this.#cancelTimer === undefined) this.#arm();
  }

  /** Sets the timer for the oldest. It may have left when the timer fires, which is then set again. */
  #arm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const [oldest] = this.#arrivals.values();
    if (oldest === undefined) return;
    const delayMs = Math.max(1, oldest + this.#options.maxWaitMs - this.#options.clock.now());
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      this.#sendAway();
      this.#arm();
    });
  }

  #sendAway(): void {
    const now = this.#options.clock.now();
    for (const [waiter, arrivedAt] of this.#arrivals) {
      if (arrivedAt + this.#options.maxWaitMs > now) return;
      this.leave(waiter);
      this.#options.onLate(waiter);
    }
  }

  /** Nobody waits: nobody can be owed anything. */
  #rest(): void {
    this.#lines.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
