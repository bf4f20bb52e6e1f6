/** The database on a PostgreSQL, which several servers can have in common. */
import { Kysely, sql } from 'kysely';
import type { Clock } from '../../../observe/clock.js';
import { StoreError } from '../../store-error.js';
import { SqlLedgerStore } from '../ledger-store.js';
import { migrate } from '../migrate.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { Tables } from '../schema.js';
import type { SqlDatabase } from '../sql-database.js';
import { createPostgresDialect } from './dialect.js';
import { postgresFlavor } from './flavor.js';
import { openPool, type PostgresServer, readServer, STATEMENT_TIMEOUT_MS } from './open-postgres.js';
import { RevisionWatch } from './revision-watch.js';

/** How long a statement of a migration may take, in ms: a table may be long, or another server be migrating it. */
export const SETUP_TIMEOUT_MS = 600_000;

/** Which database is opened, and how. */
export interface PostgresDatabaseOptions {
  readonly url: string;
  /** The most connections, 2 or more: one of them only listens. */
  readonly connections: number;
  readonly clock: Clock;
  /** Whether a database without tables is an error instead of being filled. */
  readonly mustExist: boolean;
  /** Hears that changes of other servers are not heard of for the moment. */
  readonly onLost: (error: StoreError) => void;
}

/** Connects to a database, which has to exist, and brings its schema up to date. Rejects with a StoreError. */
export async function openPostgresDatabase(options: PostgresDatabaseOptions): Promise<SqlDatabase> {
  const server = readServer(options.url);
  await setUp(server, options);
  const watch = await RevisionWatch.open({ server, onLost: options.onLost });
  const queries = new Kysely<Tables>({
    dialect: createPostgresDialect({
      pool: openPool(server, options.connections - 1, STATEMENT_TIMEOUT_MS),
      name: server.name,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      onChange: (change) => watch.hear(change),
    }),
  });
  return {
    queries,
    ledger: new SqlLedgerStore(queries, postgresFlavor),
    flavor: postgresFlavor,
    revision: () => watch.current(),
    async close() {
      watch.close();
      await queries.destroy();
    },
  };
}

/** On a connection of its own, because migrations may take longer than anything else. */
async function setUp(server: PostgresServer, { clock, mustExist }: PostgresDatabaseOptions): Promise<void> {
  const pool = openPool(server, 1, SETUP_TIMEOUT_MS);
  const { name } = server;
  const queries = new Kysely<Tables>({
    dialect: createPostgresDialect({ pool, name, statementTimeoutMs: SETUP_TIMEOUT_MS }),
  });
  try {
    if (mustExist) await requireTables(queries, server);
    await migrate(queries, postgresFlavor, MIGRATIONS, clock);
  } finally {
    await queries.destroy();
  }
}

async function requireTables(queries: Kysely<Tables>, { name }: PostgresServer): Promise<void> {
  const found = await sql<{ table: string | null }>`select to_regclass('migrations') as "table"`.execute(queries);
  if (found.rows[0]?.table !== null) return;
  throw new StoreError(
    'missing',
    `The database ${name.database} on ${name.address} has never been used by Plumb: start a server on it once, or ` +
      'correct database.url.',
  );
}
