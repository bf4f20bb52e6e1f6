import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { Kysely, sql } from 'kysely';
import { DirectConnection } from '#server/store/sql/sqlite/connection.js';
import { NodeSqliteDialect } from '#server/store/sql/sqlite/dialect.js';
import { openSqlite } from '#server/store/sql/sqlite/open-sqlite.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

interface TestTables {
  things: { id: number; name: string | null };
  parts: { thing: number };
}

async function openThings(context: TestContext) {
  const path = join(await temporaryFolder(context), 'test.db');
  const database = new Kysely<TestTables>({
    dialect: new NodeSqliteDialect(new DirectConnection(await openSqlite(path), path)),
  });
  context.after(() => database.destroy());
  await sql`create table things (id integer primary key, name text)`.execute(database);
  await sql`create table parts (thing integer not null references things (id))`.execute(database);
  return { database, path };
}

describe('Kysely on node:sqlite', () => {
  test('gives rows of select, returning and raw queries', async (context) => {
    const { database } = await openThings(context);
    const inserted = await database.insertInto('things').values({ id: 1, name: 'a' }).returningAll().execute();
    assert.deepEqual({ ...inserted[0] }, { id: 1, name: 'a' });
    assert.equal((await database.selectFrom('things').selectAll().execute()).length, 1);
    const raw = await sql<{ two: number }>`select 1 + 1 as two`.execute(database);
    assert.equal(raw.rows[0]?.two, 2);
  });

  test('gives the number of changed rows and the last id', async (context) => {
    const { database } = await openThings(context);
    const inserted = await database
      .insertInto('things')
      .values([
        { id: 7, name: 'a' },
        { id: 8, name: null },
      ])
      .executeTakeFirst();
    assert.deepEqual([inserted.numInsertedOrUpdatedRows, inserted.insertId], [2n, 8n]);
    const updated = await database.updateTable('things').set({ name: 'b' }).where('id', '>', 7).executeTakeFirst();
    assert.equal(updated.numUpdatedRows, 1n);
  });

  test('streams rows one by one', async (context) => {
    const { database } = await openThings(context);
    await database
      .insertInto('things')
      .values([1, 2, 3].map((id) => ({ id, name: null })))
      .execute();
    const ids: number[] = [];
    for await (const { id } of database.selectFrom('things').select('id').orderBy('id').stream()) ids.push(id);
    assert.deepEqual(ids, [1, 2, 3]);
  });

  test('holds foreign keys', async (context) => {
    const { database } = await openThings(context);
    await assert.rejects(database.insertInto('parts').values({ thing: 5 }).execute(), /FOREIGN KEY/);
  });

  test('undoes a transaction that fails, and can be used afterwards', async (context) => {
    const { database } = await openThings(context);
    const failing = database.transaction().execute(async (transaction) => {
      await transaction.insertInto('things').values({ id: 1, name: 'a' }).execute();
      throw new Error('changed my mind');
    });
    await assert.rejects(failing, /changed my mind/);
    assert.deepEqual(await database.selectFrom('things').selectAll().execute(), []);
  });

  test('runs transactions one after the other', async (context) => {
    const { database } = await openThings(context);
    await database.insertInto('things').values({ id: 1, name: '0' }).execute();
    const addOne = () =>
      database.transaction().execute(async (transaction) => {
        const { name } = await transaction.selectFrom('things').select('name').executeTakeFirstOrThrow();
        await new Promise((resolve) => setImmediate(resolve));
        await transaction
          .updateTable('things')
          .set({ name: String(Number(name) + 1) })
          .execute();
      });
    await Promise.all(Array.from({ length: 20 }, addOne));
    assert.equal((await database.selectFrom('things').select('name').executeTakeFirstOrThrow()).name, '20');
  });

  test('holds the write lock from the first line of a transaction', async (context) => {
    const { database, path } = await openThings(context);
    const other = new DatabaseSync(path);
    context.after(() => other.close());
    other.exec('pragma busy_timeout = 0');
    await database.transaction().execute(async () => {
      assert.throws(() => other.exec('begin immediate'), /database is locked/);
    });
    other.exec('begin immediate; rollback');
  });
});
