/** A SQLite database in a thread of its own: the same answers and errors as without one, and no waiting for the disk. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSqliteDatabase } from '#server/store/sql/sqlite/sqlite-database.js';
import { ThreadConnection } from '#server/store/sql/sqlite/thread/thread-connection.js';
import { StoreError } from '#server/store/store-error.js';
import { describeLedgerStore } from '../ledger/ledger-store-contract.js';
import { ManualClock } from './helpers/manual-clock.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

async function open(context: TestContext) {
  const path = join(await temporaryFolder(context), 'test.db');
  const database = await openSqliteDatabase({ path, clock: new ManualClock(), ownThread: true });
  context.after(() => database.close().catch(() => {}));
  return { path, ...database };
}

describeLedgerStore('SQLite in a thread', false, async (context) => {
  const { queries, ledger } = await open(context);
  return { database: queries, store: ledger };
});

test('integers beyond what a number holds come back as they were', async (context) => {
  const { queries } = await open(context);
  const value = 2n ** 60n + 1n;
  await queries.insertInto('accounts').values({ id: 'a', name: 'a', created_at: 1, tier: null }).execute();
  await queries.insertInto('balances').values({ account_id: 'a', granted: value, topped_up: 5n }).execute();
  const row = await queries.selectFrom('balances').selectAll().executeTakeFirst();
  assert.deepEqual({ ...row }, { account_id: 'a', granted: value, topped_up: 5 });
});

test('a statement that fails rejects with its own error, and the next one works', async (context) => {
  const { queries } = await open(context);
  const account = { id: 'a', name: 'a', created_at: 1, tier: null };
  await queries.insertInto('accounts').values(account).execute();
  await assert.rejects(queries.insertInto('accounts').values(account).execute(), /UNIQUE/);
  assert.equal((await queries.selectFrom('accounts').selectAll().execute()).length, 1);
});

test('no transaction of the ledger comes between the statements of another one', async (context) => {
  const { queries, ledger } = await open(context);
  const order: string[] = [];
  const other = queries.transaction().execute(async (transaction) => {
    order.push('begun');
    await transaction.insertInto('accounts').values({ id: 'a', name: 'a', created_at: 1, tier: null }).execute();
    await transaction.insertInto('balances').values({ account_id: 'a', granted: 0n, topped_up: 9n }).execute();
    order.push('done');
  });
  const hold = { kind: 'hold', requestId: 'h', accountId: 'a', amount: 5n, at: 1, mayOverdraw: false } as const;
  const applied = ledger.apply([hold], 'server').then((results) => order.push(String(results)));
  await Promise.all([other, applied]);
  assert.deepEqual(order, ['begun', 'done', 'done']);
});

test('a file that cannot be made is said to be unavailable', async (context) => {
  const path = join(await temporaryFolder(context), 'folder');
  await assert.rejects(
    ThreadConnection.open(join(path, 'missing', 'x.db')),
    (error) => error instanceof StoreError && error.code === 'unavailable',
  );
});

test('once it is closed everything is refused', async (context) => {
  const { queries, ledger, close } = await open(context);
  await close();
  await assert.rejects(ledger.apply([], 'server'));
  await assert.rejects(queries.selectFrom('accounts').selectAll().execute());
});
