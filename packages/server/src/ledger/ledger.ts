/**
 * The ledger as the way of a request sees it: money is set aside before a request runs, and what it used is durable
 * before its answer is complete.
 */

import type { Claim, KeptAnswer } from '../idempotency/kept-answer.js';
import { systemTimers, type Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import { CommitQueue, type CommitQueueOptions } from './commit-queue.js';
import type { Balance, LedgerStore } from './ledger-store.js';
import type { Money } from './money.js';
import type { UsageRecord } from './usage.js';

/** How long a request waits for the ledger, in ms. */
export const LEDGER_TIMEOUT_MS = 10_000;

/** The ledger could not be written: a matter for 503, not of the request. */
export class LedgerLostError extends Error {
  override readonly name = 'LedgerLostError';
  readonly isUnavailable = true;

  constructor(cause: unknown) {
    super('The ledger cannot be written.', { cause });
  }
}

/** Another server has taken the request over, because this one seemed to be gone: nothing was charged for it here. */
export class ClaimLostError extends Error {
  override readonly name = 'ClaimLostError';
  readonly isUnavailable = true;

  constructor() {
    super('The Idempotency-Key of the request was claimed by another server meanwhile.');
  }
}

/** A request, as far as the ledger is concerned. */
export interface LedgerRequest {
  readonly requestId: string;
  readonly accountId: string;
}

/** An answer, and the claim that it is kept for. */
export interface Keep {
  readonly claim: Claim;
  readonly answer: KeptAnswer;
}

export interface LedgerOptions extends Omit<CommitQueueOptions, 'store' | 'timers'> {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly timers?: Timers;
  /** How long a request waits for the ledger, in ms. Default 10,000. */
  readonly timeoutMs?: number;
}

export class Ledger {
  readonly #store: LedgerStore;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timeoutMs: number;
  readonly #queue: CommitQueue;

  constructor(options: LedgerOptions) {
    const { store, clock, timers = systemTimers, timeoutMs = LEDGER_TIMEOUT_MS } = options;
    this.#store = store;
    this.#clock = clock;
    this.#timers = timers;
    this.#timeoutMs = timeoutMs;
    this.#queue = new CommitQueue({ ...options, timers });
  }

  /** How many operations are not durable yet. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** What an account can spend. Rejects with a StoreError. */
  balance(accountId: string): Promise<Balance> {
    return this.#store.balance(accountId);
  }

  /**
   * Sets the most that a request can cost aside; false, and nothing is set aside, when the account has less.
   * `mayOverdraw` does it in any case. Rejects with a LedgerLostError, after which nothing is set aside either.
   */
  async hold(request: LedgerRequest, amount: Money, mayOverdraw: boolean): Promise<boolean> {
    const at = this.#clock.now();
    const { requestId, accountId } = request;
    const held = this.#queue.add({ kind: 'hold', requestId, accountId, amount, at, mayOverdraw });
    try {
      return (await this.#inTime(held)) === 'done';
    } catch (error) {
      this.release(request);
      throw error;
    }
  }

  /**
   * Puts the hold of a request back, if it has one, and charges and records what it used, once however often it is
   * called; what is to be kept for its key is kept with that. Resolves once all of it is durable. Rejects with a
   * LedgerLostError when it is not in time; then the charge is taken back as soon as the ledger can be written again, and
   * the answer must not be completed. Rejects with a ClaimLostError, and charges nothing, when the key is another's.
   */
  async settle(request: LedgerRequest, isHeld: boolean, usage: UsageRecord, keep?: Keep): Promise<void> {
    const at = this.#clock.now();
    const { requestId, accountId } = request;
    const kept = keep === undefined ? {} : { keep };
    const settled = this.#queue.add({ kind: 'settle', requestId, accountId, at, isHeld, usage, ...kept });
    try {
      if ((await this.#inTime(settled)) !== 'taken') return;
    } catch (error) {
      this.#later(this.#queue.add({ kind: 'void', requestId, accountId, at }));
      throw error;
    }
    throw new ClaimLostError();
  }

  /** The same for an answer that nobody waits for: it is done as soon as the ledger can be written. */
  settleLater({ requestId, accountId }: LedgerRequest, isHeld: boolean, usage: UsageRecord): void {
    const at = this.#clock.now();
    this.#later(this.#queue.add({ kind: 'settle', requestId, accountId, at, isHeld, usage }));
  }

  /** Puts the hold of a request back that used nothing, as soon as the ledger can be written. */
  release({ requestId, accountId }: LedgerRequest): void {
    const at = this.#clock.now();
    this.#later(this.#queue.add({ kind: 'settle', requestId, accountId, at, isHeld: true }));
  }

  /**
   * Claims a key; false when another request has it, which runs or whose answer is kept. Rejects with a LedgerLostError,
   * after which it is not claimed either.
   */
  async claim(claim: Claim): Promise<boolean> {
    try {
      return (await this.#inTime(this.#queue.add({ kind: 'claim', ...this.#about(claim) }))) === 'done';
    } catch (error) {
      this.free(claim);
      throw error;
    }
  }

  /** Frees a key, as soon as the ledger can be written; what was kept for it is forgotten. */
  free(claim: Claim): void {
    this.#later(this.#queue.add({ kind: 'free', ...this.#about(claim) }));
  }

  #about(claim: Claim) {
    return { requestId: claim.id, accountId: claim.accountId, claim, at: this.#clock.now() };
  }

  /** Waits until everything is durable, at most for so long, and stops. Returns how many operations were lost. */
  async close(timeoutMs: number): Promise<number> {
    await this.#inTime(this.#queue.idle(), timeoutMs).catch(() => {});
    return this.#queue.close();
  }

  /** What is given up is told to `onGivenUp`. */
  #later(operation: Promise<unknown>): void {
    operation.catch(() => {});
  }

  async #inTime<Result>(operation: Promise<Result>, timeoutMs = this.#timeoutMs): Promise<Result> {
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.#timers.after(timeoutMs, () => reject(new Error(`It took longer than ${timeoutMs} ms.`)));
    });
    try {
      return await Promise.race([operation, timeout]);
    } catch (cause) {
      throw new LedgerLostError(cause);
    } finally {
      cancel();
    }
  }
}
