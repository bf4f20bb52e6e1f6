/** The adapters that administration works with, on one database. */
import type { Kysely } from 'kysely';
import type { AdministrationStores } from '../../accounts/administration-stores.js';
import type { KeyAdministration } from '../../accounts/key-store.js';
import { SqlAccountStore } from './account-store.js';
import { SqlAdminKeyStore } from './admin-key-store.js';
import { SqlAuditTrail } from './audit-store.js';
import { SqlFundStore } from './fund-store.js';
import type { Tables } from './schema.js';
import { SqlUsageStore } from './usage-store.js';

export function createAdministrationStores(database: Kysely<Tables>, keys: KeyAdministration): AdministrationStores {
  return {
    accounts: new SqlAccountStore(database),
    keys,
    adminKeys: new SqlAdminKeyStore(database),
    funds: new SqlFundStore(database),
    usage: new SqlUsageStore(database),
    audit: new SqlAuditTrail(database),
  };
}
