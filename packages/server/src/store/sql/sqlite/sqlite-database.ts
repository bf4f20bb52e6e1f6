/** The database in a data folder: a SQLite file. */
import { Kysely } from 'kysely';
import type { LedgerStore } from '../../../ledger/ledger-store.js';
import type { Clock } from '../../../observe/clock.js';
import type { JournalFolder } from '../../journal/journal-folder.js';
import { SqlLedgerStore } from '../ledger-store.js';
import { migrate } from '../migrate.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Tables } from '../schema.js';
import type { SqlDatabase } from '../sql-database.js';
import { DirectConnection } from './connection.js';
import { NodeSqliteDialect } from './dialect.js';
import { explainSqliteError } from './errors.js';
import { sqliteFlavor } from './flavor.js';
import { openSqlite, openSqliteReader } from './open-sqlite.js';
import { PreparedLedgerRows } from './prepared-ledger-rows.js';
import { RevisionWatch } from './revision-watch.js';
import { ThreadConnection } from './thread/thread-connection.js';
import { ThreadLedgerStore } from './thread/thread-ledger-store.js';

export interface SqliteOptions {
  /** Absolute path of the file, made when there is none. */
  readonly path: string;
  readonly clock: Clock;
  /** What servers write down beside it. */
  readonly journals?: JournalFolder | undefined;
  /** Whether it gets a thread of its own: starting that takes longer than most commands do. */
  readonly ownThread: boolean;
}

/** Opens the file and brings its schema up to date. Rejects with a StoreError. */
export async function openSqliteDatabase(options: SqliteOptions): Promise<SqlDatabase> {
  const { path, clock, journals, ownThread } = options;
  const connection = ownThread ? await ThreadConnection.open(path) : new DirectConnection(await openSqlite(path), path);
  const queries = new Kysely<Tables>({ dialect: new NodeSqliteDialect(connection) });
  try {
    await migrate(queries, sqliteFlavor, MIGRATIONS, clock);
    const revisions = new RevisionWatch(openSqliteReader(path), path, 'keys', ownThread);
    return {
      queries,
      ledger: openLedger(queries, connection, journals),
      flavor: sqliteFlavor,
      revision: () => revisions.current(),
      async close() {
        revisions.close();
        // The writer last: the last connection to close moves the journal into the database file.
        await queries.destroy();
      },
    };
  } catch (error) {
    await queries.destroy();
    throw explainSqliteError(error, path);
  }
}

function openLedger(
  queries: Kysely<Tables>,
  connection: ThreadConnection | DirectConnection,
  journals: JournalFolder | undefined,
): LedgerStore {
  if (connection instanceof ThreadConnection) return new ThreadLedgerStore(queries, connection, journals);
  const rows = new PreparedLedgerRows(connection.database);
  return new SqlLedgerStore(queries, sqliteFlavor, { openRows: () => rows, journals });
}
