/** Everything that administration needs of a store, subject by subject. Adapters live in `store/`. */
import type { FundStore } from '../ledger/funds.js';
import type { UsageStore } from '../ledger/usage.js';
import type { AccountStore } from './account-store.js';
import type { AdminKeyStore } from './admin-key.js';
import type { AuditTrail } from './audit.js';
import type { KeyAdministration } from './key-store.js';

/** The stores, all on one database. */
export interface AdministrationStores {
  readonly accounts: AccountStore;
  readonly keys: KeyAdministration;
  readonly adminKeys: AdminKeyStore;
  readonly funds: FundStore;
  readonly usage: UsageStore;
  readonly audit: AuditTrail;
}
