/** Adding to balances and looking at the ledger: what operators do with money. */
import type { Authorship } from '../accounts/audit.js';
import type { Page } from '../accounts/page.js';
import type { Balance, LedgerEntry } from './ledger-store.js';
import type { Money } from './money.js';

/** Money that is added to a balance. */
export interface Addition {
  /** `credit` was paid for, `grant` is given. */
  readonly kind: 'credit' | 'grant';
  readonly accountId: string;
  /** Above 0. */
  readonly amount: Money;
  /** Three capital letters. */
  readonly currency: string;
  /** Unique for the account and the kind: a second addition of this name is the first one again. */
  readonly reference: string;
  readonly note?: string | undefined;
}

/** What became of an addition. */
export interface Added {
  readonly entry: LedgerEntry;
  /** The balance afterwards. */
  readonly balance: Balance;
  /** False when it had been made before: then nothing was changed. */
  readonly isNew: boolean;
}

/** An account whose balance is not the sum of its entries. */
export interface Imbalance {
  readonly accountId: string;
  readonly balance: Balance;
  readonly sumOfEntries: Balance;
}

/** What operators need of the ledger's store. Rejects as said, and with a StoreError when the store fails. */
export interface FundStore {
  /**
   * Makes sure that amounts are in this currency. A ledger without entries takes it on; one that was begun in another
   * currency rejects with a StoreError `currency`.
   */
  useCurrency(currency: string): Promise<void>;
  /**
   * Makes an entry and adds it to the balance, in one transaction with the audit entry. Rejects with an
   * AdministrationError: `not_found` when there is no such account, `conflict` when the reference was used for another
   * amount; and with a StoreError `currency` when the ledger was begun in another one.
   */
  addFunds(addition: Addition, author: Authorship): Promise<Added>;
  /** The entries of an account, newest first, those before the entry `after`. */
  listEntries(accountId: string, page: Page<number>): Promise<LedgerEntry[]>;
  /** The accounts whose balance is not the sum of their entries, at most `limit` of them: there must be none. */
  findImbalances(limit: number): Promise<Imbalance[]>;
}
