/** Migrations, the same for every database. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Kysely } from 'kysely';
import { type Migration, migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import type { Tables } from '#server/store/sql/schema.js';
import { StoreError } from '#server/store/store-error.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { ManualClock } from './helpers/manual-clock.js';

for (const database of DATABASES) {
  describe(`the migrations on ${database.name}`, { skip: database.skip }, () => describeMigrations(database));
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

function describeMigrations(testDatabase: TestDatabase): void {
  test('are numbered from 1 without gaps', () => {
    assert.deepEqual(
      MIGRATIONS.map(({ id }) => id),
      MIGRATIONS.map((_, index) => index + 1),
    );
  });

  test('make all tables in an empty database, and are recorded with their time', async (context) => {
    const { queries: database, flavor } = await testDatabase.openBare(context);
    await migrate(database, flavor, MIGRATIONS, new ManualClock(1234));
    assert.deepEqual(await tableNames(database), [
      'accounts',
      'admin_keys',
      'api_keys',
      'audit_entries',
      'balances',
      'facts',
      'holds',
      'idempotency_keys',
      'ledger_entries',
      'migrations',
      'revisions',
      'servers',
      'usage_records',
    ]);
    assert.deepEqual(await applied(database), [
      { id: 1, name: 'accounts-and-keys', applied_at: 1234 },
      { id: 2, name: 'limits-and-money', applied_at: 1234 },
      { id: 3, name: 'idempotency-keys', applied_at: 1234 },
    ]);
  });

  test('do nothing the second time', async (context) => {
    const { queries: database, flavor } = await testDatabase.openBare(context);
    await migrate(database, flavor, MIGRATIONS, new ManualClock(1));
    await migrate(database, flavor, MIGRATIONS, new ManualClock(2));
    assert.deepEqual(
      (await applied(database)).map(({ applied_at }) => applied_at),
      MIGRATIONS.map(() => 1),
    );
  });

  test('that were added are applied to a database that has the earlier ones', async (context) => {
    const { queries: database, flavor } = await testDatabase.openBare(context);
    const [one, two, three] = [createTable(1, 'one'), createTable(2, 'two'), createTable(3, 'three')];
    await migrate(database, flavor, [one], new ManualClock(1));
    await migrate(database, flavor, [one, two, three], new ManualClock(2));
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
    const { queries: database, flavor } = await testDatabase.openBare(context);
    const failing = { id: 2, name: 'failing', up: () => Promise.reject(new Error('no')) };
    await assert.rejects(migrate(database, flavor, [createTable(1, 'one'), failing], new ManualClock()), /no/);
    assert.deepEqual(await tableNames(database), []);
    await migrate(database, flavor, [createTable(1, 'one')], new ManualClock());
    assert.deepEqual(await tableNames(database), ['migrations', 'one']);
  });

  test('refuse a database with a migration that they do not have', async (context) => {
    const { queries: database, flavor } = await testDatabase.openBare(context);
    const [one, two] = [createTable(1, 'one'), createTable(2, 'two')];
    await migrate(database, flavor, [one, two], new ManualClock());
    for (const known of [[one], [one, createTable(2, 'other')], []]) {
      await assert.rejects(migrate(database, flavor, known, new ManualClock()), (error: unknown) => {
        return error instanceof StoreError && error.code === 'incompatible';
      });
    }
  });
}
