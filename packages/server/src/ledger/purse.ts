/**
 * Money of an account that this server has set aside at once for many requests: a request takes its hold from here, in
 * memory, so that only what it used has to be written. The purse is a hold in the ledger like any other; should this
 * server be killed, what is left of it goes back to the account.
 */
import type { ReleasedHold } from './ledger-store.js';
import type { Money } from './money.js';

/** What one request has taken out of a purse, until it is settled. */
export interface Hold {
  readonly purse: Purse;
  readonly amount: Money;
}

export class Purse {
  /** The id of the hold in the ledger. */
  readonly id: string;
  readonly accountId: string;
  /** When a request last took something; epoch ms. */
  usedAt: number;
  #free: Money;
  #holds = 0;
  #isRetired = false;
  #isEnded = false;

  constructor(id: string, accountId: string, amount: Money, now: number) {
    this.id = id;
    this.accountId = accountId;
    this.usedAt = now;
    this.#free = amount;
  }

  /** Whether no request has anything of it. */
  get isIdle(): boolean {
    return this.#holds === 0;
  }

  /** Takes an amount for a request; undefined when there is not so much left, or the purse is to come to its end. */
  take(amount: Money, now: number): Hold | undefined {
    if (this.#isRetired || amount > this.#free) return undefined;
    this.#free -= amount;
    this.#holds += 1;
    this.usedAt = now;
    return { purse: this, amount };
  }

  /**
   * A request is over that has cost so much. Returns what has to be put back in the ledger together with its charge: as
   * much as it cost, because that leaves the purse; all the rest after the last request of a purse that is retired; and
   * nothing for a request that cost nothing.
   */
  giveBack({ amount }: Hold, cost: Money): ReleasedHold | undefined {
    const spent = cost < amount ? cost : amount;
    this.#free += amount - spent;
    this.#holds -= 1;
    if (this.#isRetired && this.#holds === 0) return this.#end();
    return spent === 0n ? undefined : { id: this.id, amount: spent };
  }

  /** Gives up what no request has of it. Returns what has to be put back, if there is anything. */
  empty(): ReleasedHold | undefined {
    const amount = this.#free;
    if (this.#isRetired || amount === 0n) return undefined;
    this.#free = 0n;
    return { id: this.id, amount };
  }

  /** Lends nothing any more. Returns what has to be put back at once, when no request has anything of it. */
  retire(): ReleasedHold | undefined {
    this.#isRetired = true;
    return this.#holds === 0 && !this.#isEnded ? this.#end() : undefined;
  }

  #end(): ReleasedHold {
    this.#isEnded = true;
    return { id: this.id };
  }
}
