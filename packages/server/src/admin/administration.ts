/** Everything that operators can do, for the admin API and the command line alike: input is checked here, once. */
import type { AdministrationStores } from '../accounts/administration-stores.js';
import type { KeyHasher } from '../accounts/api-key.js';
import type { AuditEntry, UnstoredChange } from '../accounts/audit.js';
import type { Tier, Tiers } from '../accounts/tier.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Clock } from '../observe/clock.js';
import { type Listed, numberCursor, type PageQuery, readPage } from './input/page.js';
import { AccountManager } from './manage/accounts.js';
import { AdminKeyManager } from './manage/admin-keys.js';
import { FundManager } from './manage/funds.js';
import { KeyManager } from './manage/keys.js';
import { UsageReports } from './manage/usage.js';

/** What administration works with. */
export interface AdministrationParts {
  readonly stores: AdministrationStores;
  readonly hasher: KeyHasher;
  readonly clock: Clock;
  readonly tiers: Tiers;
  readonly catalog: Catalog;
  /** The currency of all amounts: three capital letters. */
  readonly currency: string;
}

/**
 * The verbs, subject by subject. Inputs are the shapes of `shapes/`. Every verb rejects with an AdministrationError when
 * it is refused, which then has changed nothing, and with a StoreError when the store fails.
 */
export class Administration {
  readonly accounts: AccountManager;
  readonly keys: KeyManager;
  readonly adminKeys: AdminKeyManager;
  readonly funds: FundManager;
  readonly usage: UsageReports;
  readonly tiers: Tiers;
  readonly currency: string;
  readonly clock: Clock;
  readonly #parts: AdministrationParts;

  constructor(parts: AdministrationParts) {
    this.#parts = parts;
    this.tiers = parts.tiers;
    this.currency = parts.currency;
    this.clock = parts.clock;
    this.accounts = new AccountManager(parts);
    this.keys = new KeyManager(parts, this.accounts);
    this.adminKeys = new AdminKeyManager(parts);
    this.funds = new FundManager(parts, this.accounts);
    this.usage = new UsageReports(parts, this.accounts, this.keys);
  }

  /** In the order of the configuration. */
  listTiers(): Tier[] {
    return this.tiers.list();
  }

  /** Writes down what was done outside of the store. */
  recordChange(change: UnstoredChange, actor: string): Promise<void> {
    return this.#parts.stores.audit.recordChange(change, { actor, at: this.clock.now() });
  }

  /** Who changed what, newest first. */
  listAudit(query: PageQuery): Promise<Listed<AuditEntry>> {
    return readPage(query, numberCursor, (page) => this.#parts.stores.audit.listAudit(page));
  }
}
