/** Every database that the store runs on, for suites that hold for all of them: `for (const database of DATABASES) …`. */
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { Kysely } from 'kysely';
import { openStore, type Store, type StoreOptions } from '#server/store/open-store.js';
import type { SqlFlavor } from '#server/store/sql/migrate.js';
import { createPostgresDialect } from '#server/store/sql/postgres/dialect.js';
import { postgresFlavor } from '#server/store/sql/postgres/flavor.js';
import { openPool, readServer } from '#server/store/sql/postgres/open-postgres.js';
import type { Tables } from '#server/store/sql/schema.js';
import { DirectConnection } from '#server/store/sql/sqlite/connection.js';
import { NodeSqliteDialect } from '#server/store/sql/sqlite/dialect.js';
import { sqliteFlavor } from '#server/store/sql/sqlite/flavor.js';
import { openSqlite } from '#server/store/sql/sqlite/open-sqlite.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { postgresIsMissing, startPostgres, type TestPostgres } from './postgres-server.js';

/** A database without any tables. */
export interface BareDatabase {
  readonly queries: Kysely<Tables>;
  readonly flavor: SqlFlavor;
}

export class TestDatabase {
  readonly name: string;
  /** Why its tests are skipped; false when they are not. */
  readonly skip: string | false;
  readonly #makeOptions: (context: TestContext) => Promise<StoreOptions>;
  readonly #openBare: (options: StoreOptions) => Promise<BareDatabase>;
  readonly #optionsOf = new WeakMap<Store, StoreOptions>();

  constructor(
    name: string,
    skip: string | false,
    makeOptions: (context: TestContext) => Promise<StoreOptions>,
    openBare: (options: StoreOptions) => Promise<BareDatabase>,
  ) {
    this.name = name;
    this.skip = skip;
    this.#makeOptions = makeOptions;
    this.#openBare = openBare;
  }

  /** The options of a store that does not exist yet; nothing of it is left after the test. */
  options(context: TestContext): Promise<StoreOptions> {
    return this.#makeOptions(context);
  }

  /** Opens an empty store, or the one of some options. It is closed after the test. */
  async open(context: TestContext, options?: StoreOptions): Promise<Store> {
    const chosen = options ?? (await this.options(context));
    const store = await openStore(chosen);
    context.after(() => store.close());
    this.#optionsOf.set(store, chosen);
    return store;
  }

  /**
   * Opens the database of a store a second time, as another server has it open. It is closed after the test. On SQLite the
   * two cannot write at the same moment: the one that waits would block the thread on which the other has to finish.
   */
  openAgain(context: TestContext, store: Store): Promise<Store> {
    return this.open(context, this.#optionsOf.get(store));
  }

  /** Opens a database without any tables. It is closed after the test. */
  async openBare(context: TestContext): Promise<BareDatabase> {
    const bare = await this.#openBare(await this.options(context));
    context.after(() => bare.queries.destroy());
    return bare;
  }
}

/** The PostgreSQL of this test file, started by the first test that needs it. */
let postgres: Promise<TestPostgres> | undefined;

/** The PostgreSQL of this test file; it is stopped when the file has ended. */
export function sharedPostgres(): Promise<TestPostgres> {
  postgres ??= startPostgres();
  return postgres;
}

after(async () => {
  await (await postgres)?.stop();
});

export const SQLITE = new TestDatabase(
  'SQLite',
  false,
  async (context) => ({ dataDir: await temporaryFolder(context), clock: new ManualClock() }),
  async ({ dataDir }) => {
    const path = join(dataDir, 'test.db');
    const dialect = new NodeSqliteDialect(new DirectConnection(await openSqlite(path), path));
    return { queries: new Kysely({ dialect }), flavor: sqliteFlavor };
  },
);

/** Connections of one store to PostgreSQL, the one that listens included: enough for transactions that meet. */
const CONNECTIONS = 5;

export const POSTGRES = new TestDatabase(
  'PostgreSQL',
  postgresIsMissing,
  async (context) => {
    const dataDir = await temporaryFolder(context);
    const url = await (await sharedPostgres()).createDatabase();
    return { dataDir, clock: new ManualClock(), database: { url, connections: CONNECTIONS } };
  },
  async ({ database }) => {
    const server = readServer(database!.url!);
    const statementTimeoutMs = 10_000;
    const pool = openPool(server, CONNECTIONS, statementTimeoutMs);
    const dialect = createPostgresDialect({ pool, name: server.name, statementTimeoutMs });
    return { queries: new Kysely({ dialect }), flavor: postgresFlavor };
  },
);

export const DATABASES: readonly TestDatabase[] = [SQLITE, POSTGRES];
