/** Opens what a data folder holds: the database and the secret. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import type { AdministrationStores } from '../accounts/administration-stores.js';
import type { KeyAdministration, KeyLookup } from '../accounts/key-store.js';
import type { LedgerStore } from '../ledger/ledger-store.js';
import type { Clock } from '../observe/clock.js';
import { openSecret } from './secret.js';
import { createAdministrationStores } from './sql/administration-stores.js';
import { SqlKeyStore } from './sql/key-store.js';
import { SqlLedgerStore } from './sql/ledger-store.js';
import { migrate } from './sql/migrate.js';
import { MIGRATIONS } from './sql/migrations/index.js';
import type { Tables } from './sql/schema.js';
import { NodeSqliteDialect } from './sql/sqlite/dialect.js';
import { explainSqliteError } from './sql/sqlite/errors.js';
import { sqliteFlavor } from './sql/sqlite/flavor.js';
import { openSqlite, openSqliteReader } from './sql/sqlite/open-sqlite.js';
import { RevisionWatch } from './sql/sqlite/revision-watch.js';
import { StoreError } from './store-error.js';

/** The database file in the data folder. */
export const DATABASE_FILE_NAME = 'plumb.db';

/** An open store. Several processes may have the same one open. */
export interface Store {
  readonly keys: KeyLookup & KeyAdministration;
  readonly ledger: LedgerStore;
  readonly administration: AdministrationStores;
  /** The secret that keys are hashed with. */
  readonly secret: Uint8Array;
  /** Nothing of the store may be used afterwards. */
  close(): Promise<void>;
}

/** Which store is opened, and how. */
export interface StoreOptions {
  /** Absolute path. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Whether a data folder without a database is an error instead of being filled. Default false. */
  readonly mustExist?: boolean;
}

/**
 * Opens the store of a data folder, brings its schema up to date, and creates whatever does not exist yet, readable by
 * its owner alone. Rejects with a StoreError.
 */
export async function openStore({ dataDir, clock, mustExist = false }: StoreOptions): Promise<Store> {
  const path = join(dataDir, DATABASE_FILE_NAME);
  if (mustExist) await requireFile(path, dataDir);
  else await createFolder(dataDir);
  const database = new Kysely<Tables>({ dialect: new NodeSqliteDialect(await openSqlite(path), path) });
  try {
    await migrate(database, sqliteFlavor, MIGRATIONS, clock);
    const secret = await openSecret(dataDir, database);
    const revisions = new RevisionWatch(openSqliteReader(path), path, 'keys');
    const keys = new SqlKeyStore(database, () => revisions.current());
    const ledger = new SqlLedgerStore(database, sqliteFlavor);
    const administration = createAdministrationStores(database, keys);
    return { keys, ledger, administration, secret, close: () => closeBoth(revisions, database) };
  } catch (error) {
    await database.destroy();
    throw explainSqliteError(error, path);
  }
}

/** The writer is closed last: the last connection to close moves the journal into the database file. */
async function closeBoth(revisions: RevisionWatch, database: Kysely<Tables>): Promise<void> {
  revisions.close();
  await database.destroy();
}

async function requireFile(path: string, dataDir: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no database in it' : String(error);
    throw new StoreError('missing', `${dataDir} is no data folder of Plumb: ${reason}.`, error);
  }
}

async function createFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = (error as Error).message;
    throw new StoreError('unavailable', `The data folder ${dataDir} cannot be created: ${reason}.`, error);
  }
}
