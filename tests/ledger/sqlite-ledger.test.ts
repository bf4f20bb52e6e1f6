import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Kysely } from 'kysely';
import { SqlLedgerStore } from '#server/store/sql/ledger-store.js';
import { migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import type { Tables } from '#server/store/sql/schema.js';
import { NodeSqliteDialect } from '#server/store/sql/sqlite/dialect.js';
import { sqliteFlavor } from '#server/store/sql/sqlite/flavor.js';
import { openSqlite } from '#server/store/sql/sqlite/open-sqlite.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { describeLedgerStore } from './ledger-store-contract.js';

describeLedgerStore('SQLite', false, async (context: TestContext) => {
  const path = join(await temporaryFolder(context), 'plumb.db');
  const database = new Kysely<Tables>({ dialect: new NodeSqliteDialect(await openSqlite(path), path) });
  context.after(() => database.destroy());
  await migrate(database, sqliteFlavor, MIGRATIONS, new ManualClock());
  return { database, store: new SqlLedgerStore(database, sqliteFlavor) };
});
