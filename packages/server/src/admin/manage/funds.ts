/** Adds money to accounts, shows their ledger, and checks it. */
import { newId } from '../../accounts/api-key.js';
import type { Added, Addition, Imbalance } from '../../ledger/funds.js';
import type { LedgerEntry } from '../../ledger/ledger-store.js';
import { AmountError, type Money, readAmount } from '../../ledger/money.js';
import type { AdministrationParts } from '../administration.js';
import { type Listed, numberCursor, type PageQuery, readPage } from '../input/page.js';
import { invalid } from '../input/read-fields.js';
import type { FundsAddition } from '../shapes/funds.js';
import type { AccountManager } from './accounts.js';

/** The most wrong balances that a check shows. */
const IMBALANCES_MAX = 100;

export class FundManager {
  readonly #parts: AdministrationParts;
  readonly #accounts: AccountManager;

  constructor(parts: AdministrationParts, accounts: AccountManager) {
    this.#parts = parts;
    this.#accounts = accounts;
  }

  /** `credit` was paid for, `grant` is given. With a reference, a repeated call is the first one again. */
  async add(kind: Addition['kind'], idOrName: string, input: FundsAddition, actor: string): Promise<Added> {
    const { stores, clock, currency } = this.#parts;
    const { reference = newId('op'), note } = input;
    const amount = toAmount(input.amount);
    const { account } = await this.#accounts.find(idOrName);
    const addition = { kind, accountId: account.id, amount, currency, reference, note };
    return stores.funds.addFunds(addition, { actor, at: clock.now() });
  }

  /** The entries of an account, newest first. */
  async history(idOrName: string, query: PageQuery): Promise<Listed<LedgerEntry>> {
    const { account } = await this.#accounts.find(idOrName);
    return readPage(query, numberCursor, (page) => this.#parts.stores.funds.listEntries(account.id, page));
  }

  /** The accounts whose balance is not the sum of their entries, at most 100: there must be none. */
  check(): Promise<Imbalance[]> {
    return this.#parts.stores.funds.findImbalances(IMBALANCES_MAX);
  }
}

function toAmount(text: string): Money {
  try {
    return readAmount(text);
  } catch (error) {
    if (error instanceof AmountError) throw invalid(error.message, { cause: error });
    throw error;
  }
}
