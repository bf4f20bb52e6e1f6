/** Opens what a server keeps: the database, in the data folder or on a PostgreSQL, and the secret. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AdministrationStores } from '../accounts/administration-stores.js';
import type { KeyAdministration, KeyLookup } from '../accounts/key-store.js';
import type { KeptAnswerStore } from '../idempotency/kept-answer.js';
import type { LedgerStore } from '../ledger/ledger-store.js';
import type { Clock } from '../observe/clock.js';
import { JournalFolder, type Recovery } from './journal/journal-folder.js';
import { openSecret } from './secret.js';
import { createAdministrationStores } from './sql/administration-stores.js';
import { SqlKeptAnswerStore } from './sql/kept-answer-store.js';
import { SqlKeyStore } from './sql/key-store.js';
import type { SqlDatabase } from './sql/sql-database.js';
import { openSqliteDatabase } from './sql/sqlite/sqlite-database.js';
import { StoreError } from './store-error.js';

/** The database file in the data folder. */
export const DATABASE_FILE_NAME = 'plumb.db';
/** Where servers write down beside the file what is on its way there, in the data folder. */
const JOURNAL_FOLDER_NAME = 'journal';

/** An open store. Several processes may have the same one open. */
export interface Store {
  readonly keys: KeyLookup & KeyAdministration;
  readonly ledger: LedgerStore;
  /** What servers write down beside the database; undefined where that is not a file. */
  readonly journals: JournalFolder | undefined;
  readonly keptAnswers: KeptAnswerStore;
  readonly administration: AdministrationStores;
  /** The secret that keys are hashed with. */
  readonly secret: Uint8Array;
  /** Nothing of the store may be used afterwards. */
  close(): Promise<void>;
}

/** Where the database is. */
export interface DatabaseOptions {
  /** A PostgreSQL by its address, which may hold a password; a SQLite file in the data folder when there is none. */
  readonly url?: string | undefined;
  /** The most connections to a PostgreSQL: 2 or more, one of which only listens. */
  readonly connections: number;
}

/** Which store is opened, and how. */
export interface StoreOptions {
  /** Absolute path. */
  readonly dataDir: string;
  readonly clock: Clock;
  /** Whether a store without a database is an error instead of being filled. Default false. */
  readonly mustExist?: boolean;
  readonly database?: DatabaseOptions;
  /** Whether a SQLite database gets a thread of its own, as a server needs it. Default false. */
  readonly ownThread?: boolean;
  /** The secret in 64 hex digits, instead of the file in the data folder; it is not written anywhere. */
  readonly secret?: string | undefined;
  /** Hears, beside the way of a request, that this server does not hear of the changes of others for the moment. */
  readonly onLost?: (error: StoreError) => void;
  /** Hears what was found in the journals of servers that are gone. */
  readonly onRecovered?: (recovery: Recovery) => void;
}

/**
 * Opens a store, brings its schema up to date, and creates whatever does not exist yet, readable by its owner alone; only
 * a PostgreSQL database has to be there. Rejects with a StoreError.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, secret: given } = options;
  const journals = openJournals(options);
  const database = await openDatabase(options, journals);
  try {
    const secret = await openSecret({ dataDir, given }, database);
    const { queries, ledger } = database;
    const keys = new SqlKeyStore(queries, () => database.revision());
    const keptAnswers = new SqlKeptAnswerStore(queries);
    const administration = createAdministrationStores(queries, keys);
    return { keys, ledger, journals, keptAnswers, administration, secret, close: () => database.close() };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** A server elsewhere has a disk of its own, which nobody reads there. */
function openJournals({ dataDir, database, onRecovered }: StoreOptions): JournalFolder | undefined {
  if (database?.url !== undefined) return undefined;
  return new JournalFolder(join(dataDir, JOURNAL_FOLDER_NAME), onRecovered);
}

async function openDatabase(options: StoreOptions, journals: JournalFolder | undefined): Promise<SqlDatabase> {
  const { dataDir, clock, mustExist = false, ownThread = false, database, secret, onLost = () => {} } = options;
  if (database?.url === undefined) {
    const path = join(dataDir, DATABASE_FILE_NAME);
    if (mustExist) await requireFile(path, dataDir);
    else await createFolder(dataDir);
    return openSqliteDatabase({ path, clock, journals, ownThread });
  }
  // The secret is all that the folder is for.
  if (secret === undefined && !mustExist) await createFolder(dataDir);
  const { url, connections } = database;
  // On demand: a server on a file does without the PostgreSQL client.
  const { openPostgresDatabase } = await import('./sql/postgres/postgres-database.js');
  return openPostgresDatabase({ url, connections, clock, mustExist, onLost });
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
