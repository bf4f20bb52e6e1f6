/** What the stores are built on, whichever database it is; the folder of each dialect opens one. */
import type { Kysely } from 'kysely';
import type { LedgerStore } from '../../ledger/ledger-store.js';
import type { SqlFlavor } from './migrate.js';
import type { Tables } from './schema.js';

/** An open database whose schema is up to date. */
export interface SqlDatabase {
  readonly queries: Kysely<Tables>;
  readonly ledger: LedgerStore;
  readonly flavor: SqlFlavor;
  /** The revision of keys, as `KeyLookup.revision` promises it. */
  revision(): number;
  /** Nothing of it may be used afterwards. */
  close(): Promise<void>;
}
