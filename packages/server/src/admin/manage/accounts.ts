/** Makes, finds and changes accounts. */
import type { FundedAccount } from '../../accounts/account-store.js';
import { newId } from '../../accounts/api-key.js';
import type { AdministrationParts } from '../administration.js';
import { creationCursor, type Listed, type PageQuery, readPage } from '../input/page.js';
import { notThere, readNewAccountName, readTier } from '../input/read-names.js';
import type { AccountChange, AccountCreation } from '../shapes/account.js';

const cursor = creationCursor(({ account }: FundedAccount) => account);

export class AccountManager {
  readonly #parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.#parts = parts;
  }

  async create({ name, tier }: AccountCreation, actor: string): Promise<FundedAccount> {
    const { stores, clock, tiers } = this.#parts;
    const at = clock.now();
    const account = {
      id: newId('acct'),
      name: readNewAccountName(name),
      createdAt: at,
      ...(tier === undefined || tier === null ? {} : { tier: readTier(tier, tiers) }),
    };
    return stores.accounts.createAccount(account, { actor, at });
  }

  /** In the order of their creation. */
  list(query: PageQuery): Promise<Listed<FundedAccount>> {
    return readPage(query, cursor, (page) => this.#parts.stores.accounts.listAccounts(page));
  }

  /** The account with this id, else the one with this name. */
  async find(idOrName: string): Promise<FundedAccount> {
    const found = await this.#parts.stores.accounts.findAccount(idOrName);
    if (found === undefined) throw notThere('account', idOrName);
    return found;
  }

  async change(idOrName: string, { name, tier }: AccountChange, actor: string): Promise<FundedAccount> {
    const { stores, clock, tiers } = this.#parts;
    const changes = {
      name: name === undefined ? undefined : readNewAccountName(name),
      tier: tier === undefined || tier === null ? tier : readTier(tier, tiers),
    };
    const { account } = await this.find(idOrName);
    return stores.accounts.changeAccount(account.id, changes, { actor, at: clock.now() });
  }
}
