/** What managing accounts needs of a store. Adapters live in `store/`. */
import type { Balance } from '../ledger/ledger-store.js';
import type { Account } from './account.js';
import type { Authorship } from './audit.js';
import type { CreationCursor, Page } from './page.js';

/** An account with what it can spend. */
export interface FundedAccount {
  readonly account: Account;
  readonly balance: Balance;
}

/** What changes; what is left out stays as it is. */
export interface AccountChanges {
  readonly name?: string | undefined;
  /** Null: whichever tier is the default one. */
  readonly tier?: string | null | undefined;
}

/**
 * Every change is one transaction with its audit entry: done and durable, or not done. Rejects with an
 * AdministrationError as said, and with a StoreError when the store fails.
 */
export interface AccountStore {
  /** Stores an account with nothing to spend. `conflict` when the name is taken. */
  createAccount(account: Account, author: Authorship): Promise<FundedAccount>;
  /** In the order of their creation. */
  listAccounts(page: Page<CreationCursor>): Promise<FundedAccount[]>;
  /** The account with this id, else the one with this name. */
  findAccount(idOrName: string): Promise<FundedAccount | undefined>;
  /** `not_found` when there is no account with the id, `conflict` when the name is taken by another one. */
  changeAccount(id: string, changes: AccountChanges, author: Authorship): Promise<FundedAccount>;
}
