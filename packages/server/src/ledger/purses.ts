/**
 * The purses of a server, one for each account that is busy. An account that has many holds made in a short time gets a
 * purse, a larger one when it proves too small, and loses it when it rests. All others, and those that have little left,
 * get just what each request needs, so that their balances show nothing else.
 */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { HoldOperation, OperationResult, ReleasedHold } from './ledger-store.js';
import type { Money } from './money.js';
import { type Hold, Purse } from './purse.js';
import { createRequestId } from './request-id.js';

/** A purse is to hold as much as so many requests like the one that it is made for. */
const PURSE_REQUESTS = 32n;
/** A purse that proved too small is followed by one so many times as large. */
const GROWTH = 2n;
/** So many holds within a span, in ms, make an account busy. */
export const BUSY_HOLDS = 8;
export const BUSY_SPAN_MS = 1000;
/** A purse out of which nothing is taken for so long, in ms, is put back. */
export const PURSE_REST_MS = 1000;

export interface PursesOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Makes a hold in the ledger. Rejects when nobody can tell whether it was made; it is put back then. */
  readonly fill: (operation: HoldOperation) => Promise<OperationResult>;
  /** Puts something back beside any request, as soon as the ledger can be written. */
  readonly putBack: (hold: ReleasedHold, accountId: string) => void;
}

interface OpenPurse {
  readonly purse: Purse;
  readonly size: Money;
}

/** Holds that were made one by one since a time (epoch ms). */
interface Tally {
  since: number;
  holds: number;
}

export class Purses {
  readonly #options: PursesOptions;
  readonly #byAccount = new Map<string, OpenPurse>();
  /** Accounts for which a purse is being filled, until it is. */
  readonly #filling = new Map<string, Promise<unknown>>();
  readonly #tallies = new Map<string, Tally>();
  #cancelLook: (() => void) | undefined;

  constructor(options: PursesOptions) {
    this.#options = options;
  }

  /** Takes a hold out of the purse of an account, at once; undefined when there is none, or too little in it. */
  take(accountId: string, amount: Money): Hold | undefined {
    return this.#byAccount.get(accountId)?.purse.take(amount, this.#options.clock.now());
  }

  /**
   * Has a hold made in the ledger; undefined when the account has less than that. Rejects when the ledger cannot be
   * written.
   */
  async fill(accountId: string, amount: Money, mayOverdraw: boolean): Promise<Hold | undefined> {
    const filling = this.#filling.get(accountId);
    if (filling === undefined && !this.#countHold(accountId)) return this.#makeFor(accountId, amount, mayOverdraw);
    if (filling === undefined) return this.#fillFor(accountId, amount, mayOverdraw);
    await filling.catch(() => {});
    return this.take(accountId, amount) ?? this.#makeFor(accountId, amount, mayOverdraw);
  }

  /** Puts everything back that no request has. */
  close(): void {
    this.#cancelLook?.();
    for (const { purse } of this.#byAccount.values()) this.#retire(purse);
    this.#byAccount.clear();
  }

  /** Returns whether the account is busy. */
  #countHold(accountId: string): boolean {
    const now = this.#options.clock.now();
    const tally = this.#tallies.get(accountId);
    if (tally === undefined || now - tally.since >= BUSY_SPAN_MS) {
      this.#tallies.set(accountId, { since: now, holds: 1 });
      this.#lookLater();
      return this.#byAccount.has(accountId);
    }
    tally.holds += 1;
    return tally.holds > BUSY_HOLDS || this.#byAccount.has(accountId);
  }

  /** For one request alone. */
  async #makeFor(accountId: string, amount: Money, mayOverdraw: boolean): Promise<Hold | undefined> {
    return (await this.#make(accountId, amount, mayOverdraw)) ?? this.#makeWithRest(accountId, amount);
  }

  async #fillFor(accountId: string, amount: Money, mayOverdraw: boolean): Promise<Hold | undefined> {
    const made = this.#make(accountId, amount, mayOverdraw, this.#wish(accountId, amount));
    this.#filling.set(accountId, made);
    try {
      return (await made) ?? (await this.#makeWithRest(accountId, amount));
    } finally {
      this.#filling.delete(accountId);
    }
  }

  /** What lies in the purse is of the account as well: it is put back before an account counts as having too little. */
  async #makeWithRest(accountId: string, amount: Money): Promise<Hold | undefined> {
    const rest = this.#byAccount.get(accountId)?.purse.empty();
    if (rest === undefined) return undefined;
    this.#options.putBack(rest, accountId);
    return this.#make(accountId, amount, false);
  }

  /** Without a wish the hold is for one request alone. */
  async #make(accountId: string, amount: Money, mayOverdraw: boolean, wish?: Money): Promise<Hold | undefined> {
    const { clock, fill } = this.#options;
    const id = createRequestId(clock.now());
    const asked = { kind: 'hold', requestId: id, accountId, amount, at: clock.now(), mayOverdraw } as const;
    const result = await fill(wish === undefined ? asked : { ...asked, wish });
    if (result === 'insufficient_balance') return undefined;
    const size = result === 'filled' && wish !== undefined ? wish : amount;
    const purse = new Purse(id, accountId, size, clock.now());
    const hold = purse.take(amount, clock.now());
    if (result === 'filled') this.#open(purse, size);
    else purse.retire();
    return hold;
  }

  #wish(accountId: string, amount: Money): Money {
    const wish = amount * PURSE_REQUESTS;
    const grown = (this.#byAccount.get(accountId)?.size ?? 0n) * GROWTH;
    return wish > grown ? wish : grown;
  }

  #open(purse: Purse, size: Money): void {
    const before = this.#byAccount.get(purse.accountId);
    if (before !== undefined) this.#retire(before.purse);
    this.#byAccount.set(purse.accountId, { purse, size });
    this.#lookLater();
  }

  #retire(purse: Purse): void {
    const rest = purse.retire();
    if (rest !== undefined) this.#options.putBack(rest, purse.accountId);
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#options.timers.after(PURSE_REST_MS, () => this.#look());
  }

  /** Puts the purses back that rest, and forgets who was not busy. */
  #look(): void {
    this.#cancelLook = undefined;
    const now = this.#options.clock.now();
    for (const [accountId, { purse }] of this.#byAccount) {
      if (!purse.isIdle || now - purse.usedAt < PURSE_REST_MS) continue;
      this.#byAccount.delete(accountId);
      this.#retire(purse);
    }
    for (const [accountId, { since }] of this.#tallies) {
      if (now - since >= BUSY_SPAN_MS) this.#tallies.delete(accountId);
    }
    if (this.#byAccount.size + this.#tallies.size > 0) this.#lookLater();
  }
}
