/** What every store promises the ledger: one suite, run for each database. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { LedgerOperation } from '#server/ledger/ledger-store.js';
import { addAccount, assertBalanced, type Books, entriesOf, hold, settle, usage } from './support/books.js';
import { judgeLedger } from './support/judge-ledger.js';
import { ledgerTraces } from './support/ledger-traces.js';

/** Opens empty books, once for a test. */
export type OpenBooks = (context: TestContext) => Promise<Books>;

const SERVER = 'server';
const TRACES = 200;

/** Describes a store. */
export function describeLedgerStore(name: string, skip: string | false, open: OpenBooks): void {
  describe(`the ledger in ${name}: holds`, { skip }, () => describeHolds(open));
  describe(`the ledger in ${name}: settlements`, { skip }, () => describeSettlements(open));
  describe(`the ledger in ${name}: servers that are gone`, { skip }, () => describeOrphans(open));
  describe(`the ledger in ${name}: as a whole`, { skip }, () => describeWhole(open));
}

async function start(context: TestContext, open: OpenBooks, granted = 0n, toppedUp = 0n) {
  const books = await open(context);
  await addAccount(books, 'a', granted, toppedUp);
  const apply = (...operations: LedgerOperation[]) => books.store.apply(operations, SERVER);
  return { ...books, books, apply };
}

function describeHolds(open: OpenBooks): void {
  test('take what was granted before what was topped up', async (context) => {
    const { apply, store, books } = await start(context, open, 100n, 50n);
    assert.deepEqual(await apply(hold('1', 'a', 120n)), ['done']);
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 30n });
    assert.deepEqual(await entriesOf(books, 'a'), [['hold', -100n, -20n]]);
    await assertBalanced(books);
  });

  test('fit to the last nano-unit, and not one beyond', async (context) => {
    const { apply, books } = await start(context, open, 100n, 50n);
    assert.deepEqual(await apply(hold('1', 'a', 151n)), ['insufficient_balance']);
    assert.deepEqual(await apply(hold('1', 'a', 150n)), ['done']);
    assert.deepEqual(await apply(hold('2', 'a', 1n)), ['insufficient_balance']);
    await assertBalanced(books);
  });

  test('of one transaction are made one after the other', async (context) => {
    const { apply } = await start(context, open, 0n, 100n);
    const results = await apply(hold('1', 'a', 60n), hold('2', 'a', 60n), settle('1', 'a'), hold('3', 'a', 60n));
    assert.deepEqual(results, ['done', 'insufficient_balance', 'done', 'done']);
  });

  test('may fall below 0 where that is allowed', async (context) => {
    const { apply, store, books } = await start(context, open, 10n, 0n);
    assert.deepEqual(await apply(hold('1', 'a', 25n, true)), ['done']);
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: -15n });
    await assertBalanced(books);
  });

  test('of an account that nobody knows are an error and change nothing', async (context) => {
    const { apply, books } = await start(context, open, 10n, 0n);
    await assert.rejects(apply(hold('1', 'a', 5n), hold('2', 'unknown', 5n)), /no account unknown/);
    assert.deepEqual(await entriesOf(books, 'a'), []);
    await assertBalanced(books);
  });

  test('hold amounts beyond what a double can count', async (context) => {
    const { apply, store, books } = await start(context, open, 0n, 2n ** 60n);
    await apply(hold('1', 'a', 2n ** 59n + 1n));
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 2n ** 59n - 1n });
    await apply(settle('1', 'a', 2n ** 58n + 1n));
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 2n ** 60n - 2n ** 58n - 1n });
    await assertBalanced(books);
  });
}

function describeSettlements(open: OpenBooks): void {
  test('put the hold back and charge the cost', async (context) => {
    const { apply, store, books } = await start(context, open, 100n, 50n);
    await apply(hold('1', 'a', 120n));
    await apply(settle('1', 'a', 30n));
    assert.deepEqual(await store.balance('a'), { granted: 70n, toppedUp: 50n });
    assert.deepEqual(await entriesOf(books, 'a'), [
      ['hold', -100n, -20n],
      ['release', 100n, 20n],
      ['charge', -30n, 0n],
    ]);
    await assertBalanced(books);
  });

  test('charge once, however often they are applied', async (context) => {
    const { apply, store, books } = await start(context, open, 0n, 100n);
    await apply(hold('1', 'a', 50n));
    for (let time = 0; time < 3; time++) assert.deepEqual(await apply(settle('1', 'a', 30n)), ['done']);
    await apply(settle('1', 'a', 30n), settle('1', 'a'));
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 70n });
    await assertBalanced(books);
  });

  test('without usage only put the hold back, also of a hold that was never made', async (context) => {
    const { apply, store, database, books } = await start(context, open, 0n, 100n);
    await apply(hold('1', 'a', 50n));
    await apply(settle('1', 'a'), settle('2', 'a'));
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 100n });
    assert.deepEqual(await database.selectFrom('usage_records').selectAll().execute(), []);
    await assertBalanced(books);
  });

  test('record usage that costs nothing without an entry', async (context) => {
    const { apply, database, books } = await start(context, open);
    await apply(settle('1', 'a', 0n, null));
    assert.deepEqual(await entriesOf(books, 'a'), []);
    const records = await database.selectFrom('usage_records').select(['request_id', 'completion_tokens']).execute();
    assert.deepEqual({ ...records[0] }, { request_id: '1', completion_tokens: 2 });
  });

  test('charge more than was held when more was used, and leave a debt', async (context) => {
    const { apply, store, books } = await start(context, open, 10n, 10n);
    await apply(hold('1', 'a', 20n));
    await apply(settle('1', 'a', 35n));
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: -15n });
    assert.deepEqual(await apply(hold('2', 'a', 1n)), ['insufficient_balance']);
    await assertBalanced(books);
  });

  test('are taken back by a refund, once, and the record says that the answer failed', async (context) => {
    const { apply, store, database, books } = await start(context, open, 10n, 100n);
    const refund: LedgerOperation = { kind: 'void', requestId: '1', accountId: 'a', at: 9 };
    await apply(hold('1', 'a', 50n));
    await apply(settle('1', 'a', 30n), refund);
    await apply(refund);
    assert.deepEqual(await store.balance('a'), { granted: 10n, toppedUp: 100n });
    assert.deepEqual((await entriesOf(books, 'a')).slice(2), [
      ['charge', -10n, -20n],
      ['refund', 10n, 20n],
    ]);
    const records = await database.selectFrom('usage_records').select(['outcome', 'cost']).execute();
    assert.deepEqual({ ...records[0] }, { outcome: 'failed', cost: 0 });
    await assertBalanced(books);
  });

  test('that charged nothing are not refunded', async (context) => {
    const { apply, books } = await start(context, open, 10n, 0n);
    await apply({ kind: 'void', requestId: '1', accountId: 'a', at: 9 });
    assert.deepEqual(await entriesOf(books, 'a'), []);
  });

  test('keep every field of the usage', async (context) => {
    const { apply, database } = await start(context, open, 0n, 100n);
    const record = usage('1', 'a', 7n, {
      outcome: 'client_left',
      stream: true,
      reasoningTokens: 1,
      at: 1_800_000_000_000,
    });
    await apply({ kind: 'settle', requestId: '1', accountId: 'a', at: 3, usage: record });
    const row = await database.selectFrom('usage_records').selectAll().executeTakeFirst();
    assert.deepEqual(
      { ...row },
      {
        request_id: '1',
        account_id: 'a',
        key_id: 'key',
        model: 'deepseek-chat',
        at: 1_800_000_000_000,
        duration_ms: 10,
        outcome: 'client_left',
        stream: 1,
        prompt_tokens: 3,
        cache_hit_tokens: 1,
        completion_tokens: 2,
        reasoning_tokens: 1,
        cost: 7,
      },
    );
  });
}

function describeOrphans(open: OpenBooks): void {
  const living = { id: 'living', host: 'here', processId: 1 };
  const killed = { id: 'killed', host: 'here', processId: 2 };

  test('have their holds released when their process is gone', async (context) => {
    const { store, books } = await start(context, open, 30n, 100n);
    await store.keepAlive(killed, 1000);
    await store.keepAlive(living, 1000);
    await store.apply([hold('1', 'a', 50n), hold('2', 'a', 5n)], killed.id);
    await store.apply([hold('3', 'a', 7n)], living.id);
    assert.equal(await store.releaseOrphans(500, ({ id }) => id === killed.id), 2);
    assert.equal(await store.releaseOrphans(500, ({ id }) => id === killed.id), 0);
    const { granted, toppedUp } = await store.balance('a');
    assert.equal(granted + toppedUp, 123n);
    await assertBalanced(books);
  });

  test('have their holds released when their lease has ended, not a millisecond before', async (context) => {
    const { store, books } = await start(context, open, 0n, 100n);
    await store.keepAlive(killed, 1000);
    await store.apply([hold('1', 'a', 50n)], killed.id);
    assert.equal(await store.releaseOrphans(999, () => false), 0);
    assert.equal(await store.releaseOrphans(1000, () => false), 1);
    await assertBalanced(books);
  });

  test('are forgotten when nothing was held by them', async (context) => {
    const { store, books } = await start(context, open, 0n, 100n);
    await store.keepAlive(killed, 1000);
    assert.equal(await store.releaseOrphans(1000, () => false), 0);
    assert.deepEqual(await books.database.selectFrom('servers').selectAll().execute(), []);
    await assertBalanced(books);
  });

  test('still charge what they settle later, without a second release', async (context) => {
    const { store, books } = await start(context, open, 0n, 100n);
    await store.keepAlive(killed, 1000);
    await store.apply([hold('1', 'a', 50n)], killed.id);
    await store.releaseOrphans(1000, () => false);
    await store.apply([settle('1', 'a', 30n)], killed.id);
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 70n });
    await assertBalanced(books);
  });

  test('are forgotten when they ended in good order', async (context) => {
    const { store, database } = await start(context, open);
    await store.keepAlive(living, 1000);
    await store.keepAlive(living, 2000);
    const servers = await database.selectFrom('servers').select('lease_until').execute();
    assert.deepEqual(
      servers.map(({ lease_until }) => lease_until),
      [2000],
    );
    await store.removeServer(living.id);
    assert.deepEqual(await database.selectFrom('servers').selectAll().execute(), []);
  });

  test('are remembered as long as money is held for them', async (context) => {
    const { store, database } = await start(context, open, 0n, 100n);
    await store.keepAlive(killed, 1000);
    await store.apply([hold('1', 'a', 50n)], killed.id);
    await store.removeServer(killed.id);
    assert.equal((await database.selectFrom('servers').selectAll().execute()).length, 1);
  });
}

function describeWhole(open: OpenBooks): void {
  test('adds up after any operations in any transactions, and is the oracle at each step', async (context) => {
    const books = await open(context);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(ledgerTraces(), (trace) => judgeLedger(books, trace, `run ${run++}`)),
      { numRuns: TRACES },
    );
    await assertBalanced(books);
  });

  test('adds up when many transactions run at once', async (context) => {
    const { store, books } = await start(context, open, 500n, 1000n);
    await addAccount(books, 'b', 0n, 1000n);
    const accountOf = (index: number) => (index % 2 === 0 ? 'a' : 'b');
    const requests = Array.from({ length: 60 }, async (_, index) => {
      const account = accountOf(index);
      const other = accountOf(index + 1);
      // Two accounts a transaction, in both orders: they must not lock each other out.
      const operations = [hold(`${index}`, account, 40n), hold(`${index} too`, other, 40n)];
      const results = await store.apply(operations, SERVER);
      const settlements = [settle(`${index}`, account, 15n), settle(`${index} too`, other, 15n)];
      await store.apply(
        settlements.filter((_settlement, place) => results[place] === 'done'),
        SERVER,
      );
      return results.filter((result) => result === 'done').length;
    });
    const done = (await Promise.all(requests)).reduce((sum, count) => sum + count, 0);
    const [a, b] = [await store.balance('a'), await store.balance('b')];
    assert.equal(a.granted + a.toppedUp + b.granted + b.toppedUp, 2500n - 15n * BigInt(done));
    assert.ok(done > 0);
    await assertBalanced(books);
  });
}
