import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { Kysely } from 'kysely';
import { type Migration, migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import type { Tables } from '#server/store/sql/schema.js';
import { NodeSqliteDialect } from '#server/store/sql/sqlite/dialect.js';
import { sqliteFlavor } from '#server/store/sql/sqlite/flavor.js';
import { openSqlite } from '#server/store/sql/sqlite/open-sqlite.js';
import { StoreError } from '#server/store/store-error.js';
import { ManualClock } from './helpers/manual-clock.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

async function emptyDatabase(context: TestContext): Promise<Kysely<Tables>> {
  const path = join(await temporaryFolder(context), 'test.db');
  const database = new Kysely<Tables>({ dialect: new NodeSqliteDialect(await openSqlite(path), path) });
  context.after(() => database.destroy());
  return database;
}

function createTable(id: number, name: string): Migration {
  const up: Migration['up'] = (database) => database.schema.createTable(name).addColumn('id', 'integer').execute();
  return { id, name, up };
}

const tableNames = async (database: Kysely<Tables>) => {
  const tables = await database.introspection.getTables();
  return tables.map(({ name }) => name).sort();
};

const applied = async (database: Kysely<Tables>) => {
  const rows = await database.selectFrom('migrations').selectAll().orderBy('id').execute();
  // node:sqlite's rows have no prototype.
  return rows.map((row) => ({ ...row }));
};

describe('the migrations', () => {
  test('are numbered from 1 without gaps', () => {
    assert.deepEqual(
      MIGRATIONS.map(({ id }) => id),
      MIGRATIONS.map((_, index) => index + 1),
    );
  });

  test('make all tables in an empty database, and are recorded with their time', async (context) => {
    const database = await emptyDatabase(context);
    await migrate(database, sqliteFlavor, MIGRATIONS, new ManualClock(1234));
    assert.deepEqual(await tableNames(database), [
      'accounts',
      'admin_keys',
      'api_keys',
      'audit_entries',
      'balances',
      'facts',
      'holds',
      'ledger_entries',
      'migrations',
      'revisions',
      'servers',
      'usage_records',
    ]);
    assert.deepEqual(await applied(database), [
      { id: 1, name: 'accounts-and-keys', applied_at: 1234 },
      { id: 2, name: 'limits-and-money', applied_at: 1234 },
    ]);
  });

  test('do nothing the second time', async (context) => {
    const database = await emptyDatabase(context);
    await migrate(database, sqliteFlavor, MIGRATIONS, new ManualClock(1));
    await migrate(database, sqliteFlavor, MIGRATIONS, new ManualClock(2));
    assert.deepEqual(
      (await applied(database)).map(({ applied_at }) => applied_at),
      MIGRATIONS.map(() => 1),
    );
  });

  test('that were added are applied to a database that has the earlier ones', async (context) => {
    const database = await emptyDatabase(context);
    const [one, two, three] = [createTable(1, 'one'), createTable(2, 'two'), createTable(3, 'three')];
    await migrate(database, sqliteFlavor, [one], new ManualClock(1));
    await migrate(database, sqliteFlavor, [one, two, three], new ManualClock(2));
    assert.deepEqual(
      (await applied(database)).map(({ name, applied_at }) => [name, applied_at]),
      [
        ['one', 1],
        ['two', 2],
        ['three', 2],
      ],
    );
  });

  test('are applied all or not at all', async (context) => {
    const database = await emptyDatabase(context);
    const failing = { id: 2, name: 'failing', up: () => Promise.reject(new Error('no')) };
    await assert.rejects(migrate(database, sqliteFlavor, [createTable(1, 'one'), failing], new ManualClock()), /no/);
    assert.deepEqual(await tableNames(database), []);
    await migrate(database, sqliteFlavor, [createTable(1, 'one')], new ManualClock());
    assert.deepEqual(await tableNames(database), ['migrations', 'one']);
  });

  test('refuse a database with a migration that they do not have', async (context) => {
    const database = await emptyDatabase(context);
    const [one, two] = [createTable(1, 'one'), createTable(2, 'two')];
    await migrate(database, sqliteFlavor, [one, two], new ManualClock());
    for (const known of [[one], [one, createTable(2, 'other')], []]) {
      await assert.rejects(migrate(database, sqliteFlavor, known, new ManualClock()), (error: unknown) => {
        return error instanceof StoreError && error.code === 'incompatible';
      });
    }
  });
});
