/**
 * The ledger as the way of a request sees it: money is set aside before a request runs, and what it used is written down,
 * or in the store, before its answer is complete.
 */

import type { Claim, KeptAnswer } from '../idempotency/kept-answer.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import { systemTimers, type Timers } from '../limits/timers.js';
import { type Clock, fineClock } from '../observe/clock.js';
import type { ChargeJournal, WrittenCharge } from './charge-journal.js';
import { CommitQueue, type CommitQueueOptions } from './commit-queue.js';
import type {
  Balance,
  HoldOperation,
  LedgerStore,
  OperationResult,
  ReleasedHold,
  SettleOperation,
} from './ledger-store.js';
import type { Money } from './money.js';
import { packSettlement } from './pack-settlement.js';
import type { Hold } from './purse.js';
import { Purses } from './purses.js';
import type { UsageRecord } from './usage.js';

/** How long a request waits for the ledger, in ms. */
export const LEDGER_TIMEOUT_MS = 10_000;

/** As long as so many operations are not in the store, what else was used has to wait for it: memory is not for them. */
const WRITTEN_MAX = 8192;

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

/** A settlement that may still be packed. */
type Described = SettleOperation & { packed: string | undefined };

export interface LedgerOptions extends Omit<CommitQueueOptions, 'store' | 'clock' | 'timers' | 'timeoutMs'> {
  readonly store: LedgerStore;
  readonly clock: Clock;
  readonly timers?: Timers;
  /** The clock that the timers follow, which may go slower than the other one. Default: that of the machine. */
  readonly timersClock?: Clock;
  /** How long a request waits for the ledger, in ms. Default 10,000. */
  readonly timeoutMs?: number;
  /** Where what was used is written down, so that no answer waits for the store. Default: answers wait. */
  readonly journal?: ChargeJournal | undefined;
  /** Whether answers wait for the store although there is a journal; asked for each of them. Default: they do not. */
  readonly waitsForStore?: (() => boolean) | undefined;
}

export class Ledger {
  readonly #store: LedgerStore;
  readonly #clock: Clock;
  readonly #queue: CommitQueue;
  readonly #purses: Purses;
  readonly #journal: ChargeJournal | undefined;
  readonly #waitsForStore: (() => boolean) | undefined;

  constructor(options: LedgerOptions) {
    const { store, clock, timers = systemTimers, timersClock = fineClock, timeoutMs = LEDGER_TIMEOUT_MS } = options;
    this.#store = store;
    this.#clock = clock;
    this.#journal = options.journal;
    this.#waitsForStore = options.waitsForStore;
    const onFailure = (error: unknown, waiting: number) => {
      this.#journal?.sync();
      options.onFailure(error, waiting);
    };
    this.#queue = new CommitQueue({ ...options, clock: timersClock, timers, timeoutMs, onFailure });
    this.#purses = new Purses({
      ...{ clock, timers },
      fill: (operation) => this.#fill(operation),
      putBack: (hold, accountId) => this.#putBack(hold, accountId),
    });
  }

  /** How many operations are not in the store yet. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** What an account can spend, after all that this server has answered. Rejects with a StoreError. */
  async balance(accountId: string): Promise<Balance> {
    await this.flush();
    return this.#store.balance(accountId);
  }

  /** Resolves when everything so far is in the store, for whoever looks there, or the store has failed to take it. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /**
   * Sets the most that a request can cost aside, at once where a purse of the account has as much; undefined, and nothing
   * is set aside, when the account has less. `mayOverdraw` does it in any case. Rejects with a LedgerLostError, after which
   * nothing is set aside either.
   */
  hold({ accountId }: LedgerRequest, amount: Money, mayOverdraw: boolean): MaybePromise<Hold | undefined> {
    return this.#purses.take(accountId, amount) ?? this.#purses.fill(accountId, amount, mayOverdraw);
  }

  /**
   * Puts the hold of a request back, if it has one, and charges and records what it used, once however often it is
   * called; what is to be kept for its key is kept with that. Resolves once it is written down where it can be, and else
   * once all of it is in the store. Rejects with a LedgerLostError when it is not in time; then the charge is taken back as
   * soon as the store can be written again, and the answer must not be completed. Rejects with a ClaimLostError, and
   * charges nothing, when the key is another's.
   */
  settle(request: LedgerRequest, hold: Hold | undefined, usage: UsageRecord, keep?: Keep): Promise<void> {
    const settlement = this.#describe(request, hold, usage, keep);
    const written = this.#writeDown(settlement);
    if (written === undefined) return this.#settleInStore(settlement);
    // What the store has been asked for twice it does once.
    return written.isWritten.then((isWritten) => (isWritten ? undefined : this.#settleInStore(settlement)));
  }

  #settleInStore(settlement: SettleOperation): Promise<void> {
    return this.#queue.add(settlement).then(requireOwn, (cause) => this.#takeBack(settlement, cause));
  }

  /** The same for an answer that nobody waits for: it is done as soon as the store can be written. */
  settleLater(request: LedgerRequest, hold: Hold | undefined, usage: UsageRecord): void {
    const settlement = this.#describe(request, hold, usage);
    if (this.#writeDown(settlement) === undefined) this.#queue.addLater(settlement);
  }

  /** Undefined where it is not to be. */
  #writeDown(settlement: Described): WrittenCharge | undefined {
    if (settlement.keep !== undefined || this.#queue.length >= WRITTEN_MAX) return undefined;
    if (this.#journal === undefined || this.#waitsForStore?.() === true) return undefined;
    settlement.packed = packSettlement(settlement);
    const written = this.#journal.write(settlement.packed);
    this.#queue.addWritten(settlement, written);
    return written;
  }

  /** Puts the hold of a request back that used nothing. */
  release({ accountId }: LedgerRequest, hold: Hold): void {
    const released = hold.purse.giveBack(hold, 0n);
    if (released !== undefined) this.#putBack(released, accountId);
  }

  /**
   * Claims a key; false when another request has it, which runs or whose answer is kept. Rejects with a LedgerLostError,
   * after which it is not claimed either.
   */
  async claim(claim: Claim): Promise<boolean> {
    try {
      return (await this.#queue.add({ kind: 'claim', ...this.#about(claim) })) === 'done';
    } catch (cause) {
      this.free(claim);
      throw new LedgerLostError(cause);
    }
  }

  /** Frees a key, as soon as the ledger can be written; what was kept for it is forgotten. */
  free(claim: Claim): void {
    this.#queue.addLater({ kind: 'free', ...this.#about(claim) });
  }

  #about(claim: Claim) {
    return { requestId: claim.id, accountId: claim.accountId, claim, at: this.#clock.now() };
  }

  async #fill(operation: HoldOperation): Promise<OperationResult> {
    try {
      const result = await this.#queue.add(operation);
      if (result !== 'insufficient_balance' || this.#queue.length === 0) return result;
      // What earlier requests have put back may not be in the store yet.
      await this.flush();
      return await this.#queue.add(operation);
    } catch (cause) {
      this.#putBack({ id: operation.requestId }, operation.accountId);
      throw new LedgerLostError(cause);
    }
  }

  #putBack(hold: ReleasedHold, accountId: string): void {
    this.#queue.addLater({ kind: 'settle', requestId: hold.id, accountId, at: this.#clock.now(), hold });
  }

  #describe(
    { requestId, accountId }: LedgerRequest,
    hold: Hold | undefined,
    usage: UsageRecord,
    keep?: Keep,
  ): Described {
    const released = hold?.purse.giveBack(hold, usage.cost);
    const at = this.#clock.now();
    return { kind: 'settle', requestId, accountId, at, hold: released, usage, keep, packed: undefined };
  }

  #takeBack({ requestId, accountId }: LedgerRequest, cause: unknown): never {
    this.#queue.addLater({ kind: 'void', requestId, accountId, at: this.#clock.now() });
    throw new LedgerLostError(cause);
  }

  /**
   * Puts back what no request has any more, waits until everything is in the store, at most for so long, and stops. Returns
   * how many operations were lost.
   */
  async close(timeoutMs: number): Promise<number> {
    this.#purses.close();
    await this.#queue.idle(timeoutMs);
    const lost = this.#queue.close();
    this.#journal?.close();
    return lost;
  }
}

function requireOwn(result: OperationResult): void {
  if (result === 'taken') throw new ClaimLostError();
}
