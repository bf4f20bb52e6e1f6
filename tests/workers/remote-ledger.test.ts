/** The ledger of workers: the contract over the pipe, one transaction for several workers, and each with its own error. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { LedgerOperation, LedgerStore, OperationResult } from '#server/ledger/ledger-store.js';
import { SqlKeptAnswerStore } from '#server/store/sql/kept-answer-store.js';
import { SqlLedgerStore } from '#server/store/sql/ledger-store.js';
import { migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import { StoreError } from '#server/store/store-error.js';
import { LedgerWriter } from '#server/workers/ledger/ledger-writer.js';
import { RemoteLedger } from '#server/workers/ledger/remote-ledger.js';
import { describeLedgerStore } from '../ledger/ledger-store-contract.js';
import { addAccount, hold, settle } from '../ledger/support/books.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { DATABASES } from '../support/databases.js';
import { connectChannels } from './support/connected-channels.js';

const [SQLITE] = DATABASES;
assert.ok(SQLITE);

describeLedgerStore('the primary of workers', SQLITE.skip, async (context) => {
  const { queries, flavor } = await SQLITE.openBare(context);
  await migrate(queries, flavor, MIGRATIONS, new ManualClock());
  const own = new SqlLedgerStore(queries, flavor);
  return { database: queries, store: connect(new LedgerWriter(own), own) };
});

function connect(writer: LedgerWriter, own: LedgerStore): RemoteLedger {
  return new RemoteLedger(connectChannels({ apply: (message) => writer.apply(message) }).worker, own);
}

/** A store whose transactions the test sees, and that refuses those with a request of a name. */
class SeenStore {
  readonly transactions: (readonly LedgerOperation[])[] = [];
  refused: string | undefined;

  async apply(operations: readonly LedgerOperation[]): Promise<readonly OperationResult[]> {
    this.transactions.push(operations);
    if (operations.some(({ requestId }) => requestId === this.refused)) {
      throw new StoreError('unavailable', `${this.refused} is not taken.`);
    }
    return operations.map(({ requestId }) => (requestId === 'poor' ? 'insufficient_balance' : 'done'));
  }
}

function openTwo() {
  const store = new SeenStore();
  const writer = new LedgerWriter(store);
  const own = store as unknown as LedgerStore;
  return { store, writer, first: connect(writer, own), second: connect(writer, own) };
}

describe('the ledger of several workers', () => {
  test('is written for all of them in one transaction, in which every operation says whose it is', async () => {
    const { store, first, second } = openTwo();
    const answers = await Promise.all([
      first.apply([hold('1', 'a', 5n), hold('poor', 'a', 5n)], 'first'),
      second.apply([hold('2', 'b', 5n)], 'second'),
    ]);
    assert.deepEqual(answers, [['done', 'insufficient_balance'], ['done']]);
    assert.deepEqual(
      store.transactions.map((operations) => operations.map(({ requestId, serverId }) => `${requestId} ${serverId}`)),
      [['1 first', 'poor first', '2 second']],
    );
  });

  test('shows a failure to the worker whose batch it is of, and to no other', async () => {
    const { store, first, second } = openTwo();
    store.refused = 'bad';
    const [good, bad] = await Promise.allSettled([
      first.apply([hold('1', 'a', 5n)], 'first'),
      second.apply([hold('bad', 'b', 5n)], 'second'),
    ]);
    assert.deepEqual(good, { status: 'fulfilled', value: ['done'] });
    assert.ok(bad.status === 'rejected' && bad.reason instanceof StoreError);
    assert.equal(bad.reason.code, 'unavailable');
    assert.equal(store.transactions.length, 3, 'together, and then apart');
  });

  test('is idle once everything that was sent is written', async () => {
    const { store, writer, first } = openTwo();
    await writer.idle();
    const applied = first.apply([hold('1', 'a', 5n)], 'first');
    while (store.transactions.length === 0) await turn();
    await writer.idle();
    await applied;
  });

  test('keeps the holds of servers apart that share a transaction', { skip: SQLITE.skip }, async (context) => {
    const { queries, flavor } = await SQLITE.openBare(context);
    await migrate(queries, flavor, MIGRATIONS, new ManualClock());
    const own = new SqlLedgerStore(queries, flavor);
    const books = { database: queries, store: own };
    await addAccount(books, 'a', 0n, 100n);
    const writer = new LedgerWriter(own);
    const [first, second] = [connect(writer, own), connect(writer, own)];
    for (const [processId, id] of ['first', 'second'].entries()) {
      await own.keepAlive({ id, host: 'here', processId }, 10_000);
    }
    await Promise.all([first.apply([hold('1', 'a', 30n)], 'first'), second.apply([hold('2', 'a', 20n)], 'second')]);
    assert.equal(await own.releaseOrphans(0, ({ id }) => id === 'first'), 1);
    assert.equal((await own.balance('a')).toppedUp, 80n);
    await second.apply([settle('2', 'a', 7n)], 'second');
    assert.equal((await own.balance('a')).toppedUp, 93n);
  });

  test('keeps answers to the byte, however long', { skip: SQLITE.skip }, async (context) => {
    const { queries, flavor } = await SQLITE.openBare(context);
    await migrate(queries, flavor, MIGRATIONS, new ManualClock());
    const own = new SqlLedgerStore(queries, flavor);
    await addAccount({ database: queries, store: own }, 'a', 0n, 100n);
    const ledger = connect(new LedgerWriter(own), own);
    await own.keepAlive({ id: 'first', host: 'here', processId: 1 }, 10_000);
    const claim = { id: 'claim', accountId: 'a', key: 'x', fingerprint: 'f' };
    const content = Uint8Array.from({ length: 5_000_000 }, (_, index) => index % 251);
    const about = { requestId: 'claim', accountId: 'a', at: 1 };
    await ledger.apply([{ kind: 'claim', ...about, claim }], 'first');
    const keep = { claim, answer: { model: 'm', content, expiresAt: 10_000 } };
    assert.deepEqual(await ledger.apply([{ kind: 'settle', ...about, keep }], 'first'), ['done']);
    const found = await new SqlKeptAnswerStore(queries).find('a', 'x');
    assert.ok(Buffer.from(content).equals(found?.answer?.content ?? Buffer.alloc(0)));
  });

  test('keeps the claims of servers apart that share a transaction', { skip: SQLITE.skip }, async (context) => {
    const { queries, flavor } = await SQLITE.openBare(context);
    await migrate(queries, flavor, MIGRATIONS, new ManualClock());
    const own = new SqlLedgerStore(queries, flavor);
    await addAccount({ database: queries, store: own }, 'a', 0n, 100n);
    const writer = new LedgerWriter(own);
    const [first, second] = [connect(writer, own), connect(writer, own)];
    for (const id of ['first', 'second']) await own.keepAlive({ id, host: 'here', processId: 1 }, 10_000);
    const claim = (requestId: string, key: string): LedgerOperation => ({
      ...{ kind: 'claim', requestId, accountId: 'a', at: 1 },
      claim: { id: requestId, accountId: 'a', key, fingerprint: 'f' },
    });
    const results = await Promise.all([
      first.apply([claim('1', 'x')], 'first'),
      second.apply([claim('2', 'x'), claim('3', 'y')], 'second'),
    ]);
    assert.deepEqual(results, [['done'], ['taken', 'done']]);
    await own.releaseOrphans(0, ({ id }) => id === 'first');
    assert.deepEqual(await second.apply([claim('4', 'x')], 'second'), ['done'], 'the key of the first is free');
    assert.deepEqual(await first.apply([claim('5', 'y')], 'first'), ['taken'], 'that of the second is not');
  });
});
