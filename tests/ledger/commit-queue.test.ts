/** Group commit: what goes into one transaction, and what becomes of operations whose transaction failed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CommitQueue, PATIENCE_MS } from '#server/ledger/commit-queue.js';
import type { LedgerOperation, OperationResult } from '#server/ledger/ledger-store.js';
import { ManualTime } from '../limits/support/manual-time.js';

class StoreDown extends Error {}

/** A store that the test plays: every transaction waits until the test lets it succeed or fail. */
class PlayedStore {
  readonly transactions: { ids: string[]; succeed(results?: OperationResult[]): void; fail(error: Error): void }[] = [];

  apply(operations: readonly LedgerOperation[]): Promise<readonly OperationResult[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly OperationResult[]>();
    this.transactions.push({
      ids: operations.map(({ kind, requestId }) => `${kind} ${requestId}`),
      succeed: (results) => resolve(results ?? operations.map(() => 'done')),
      fail: reject,
    });
    return promise;
  }

  /** The next transaction that has begun. */
  async next() {
    for (let turns = 0; turns < 20 && this.transactions.length === 0; turns++) await turn();
    const transaction = this.transactions.shift();
    assert.ok(transaction, 'a transaction was expected');
    return transaction;
  }
}

function start() {
  const store = new PlayedStore();
  const time = new ManualTime();
  const failures: unknown[] = [];
  const givenUp: string[] = [];
  const queue = new CommitQueue({
    store,
    serverId: 'server',
    clock: time,
    timers: time,
    timeoutMs: 10_000,
    isStoreFailure: (error) => error instanceof StoreDown,
    onFailure: (error) => failures.push(error),
    onGivenUp: ({ requestId }) => givenUp.push(requestId),
  });
  return { store, time, failures, givenUp, queue };
}

const hold = (requestId: string): LedgerOperation => {
  return { kind: 'hold', requestId, accountId: 'a', amount: 1n, at: 1, mayOverdraw: false };
};
const settle = (requestId: string): LedgerOperation => {
  return { kind: 'settle', requestId, accountId: 'a', at: 1, hold: { id: requestId } };
};

const CLAIM = { id: '1', accountId: 'a', key: 'key', fingerprint: 'asked' };
const claim = (requestId: string): LedgerOperation => {
  return { kind: 'claim', requestId, accountId: 'a', at: 1, claim: CLAIM };
};
/** Keeps an answer of so many MiB. */
const keep = (requestId: string, mebibytes: number): LedgerOperation => {
  const answer = { model: 'm', content: Buffer.alloc(mebibytes * 1024 * 1024), expiresAt: 2 };
  return { kind: 'settle', requestId, accountId: 'a', at: 1, hold: { id: requestId }, keep: { claim: CLAIM, answer } };
};

describe('the commit queue', () => {
  test('puts all that one turn of the event loop brings into one transaction', async () => {
    const { queue, store } = start();
    const results = [queue.add(hold('1')), queue.add(settle('2')), queue.add(hold('3'))];
    const transaction = await store.next();
    assert.deepEqual(transaction.ids, ['hold 1', 'settle 2', 'hold 3']);
    transaction.succeed(['done', 'done', 'insufficient_balance']);
    assert.deepEqual(await Promise.all(results), ['done', 'done', 'insufficient_balance']);
  });

  test('gathers what arrives while a transaction runs for the next one', async () => {
    const { queue, store } = start();
    const first = queue.add(settle('1'));
    const transaction = await store.next();
    const others = [queue.add(settle('2')), queue.add(settle('3'))];
    await turn();
    assert.equal(store.transactions.length, 0);
    transaction.succeed();
    await first;
    const next = await store.next();
    assert.deepEqual(next.ids, ['settle 2', 'settle 3']);
    next.succeed();
    await Promise.all(others);
    assert.equal(queue.length, 0);
  });

  test('makes no transaction larger than 512 operations', async () => {
    const { queue, store } = start();
    const results = Array.from({ length: 600 }, (_, index) => queue.add(settle(String(index))));
    for (const length of [512, 88]) {
      const transaction = await store.next();
      assert.equal(transaction.ids.length, length);
      transaction.succeed();
    }
    await Promise.all(results);
  });

  test('resolves only when the transaction is durable', async () => {
    const { queue, store } = start();
    let isDurable = false;
    const result = queue.add(settle('1')).then(() => {
      isDurable = true;
    });
    const transaction = await store.next();
    await turn();
    assert.equal(isDurable, false);
    transaction.succeed();
    await result;
    assert.equal(isDurable, true);
  });

  test('refuses the holds of a failed transaction, releases them, and tries the settlements again in order', async () => {
    const { queue, store, time, failures } = start();
    const held = assert.rejects(queue.add(hold('1')), StoreDown);
    const settled = queue.add(settle('2'));
    (await store.next()).fail(new StoreDown());
    await held;
    const late = queue.add(settle('3'));
    await turn();
    assert.equal(store.transactions.length, 0, 'a pause comes first');
    await time.pass(50);
    const retry = await store.next();
    assert.deepEqual(retry.ids, ['settle 1', 'settle 2', 'settle 3']);
    retry.succeed();
    await Promise.all([settled, late]);
    assert.equal(failures.length, 1);
  });

  test('refuses the claims of a failed transaction, and frees them: nobody knows whether they were made', async () => {
    const { queue, store, time } = start();
    const claimed = assert.rejects(queue.add(claim('1')), StoreDown);
    (await store.next()).fail(new StoreDown());
    await claimed;
    await time.pass(50);
    const retry = await store.next();
    assert.deepEqual(retry.ids, ['free 1']);
    retry.succeed();
    await queue.idle(1000);
  });

  test('makes transactions of no more than 16 MiB of answers, and of one answer that is longer', async () => {
    const { queue, store } = start();
    const mebibytes = [6, 10, 1, 20, 6];
    const results = mebibytes.map((size, index) => queue.add(keep(`${index}`, size)));
    for (const ids of [['settle 0', 'settle 1'], ['settle 2'], ['settle 3'], ['settle 4']]) {
      const transaction = await store.next();
      assert.deepEqual(transaction.ids, ids);
      transaction.succeed();
    }
    await Promise.all(results);
  });

  test('waits twice as long after each failure, at most two seconds', async () => {
    const { queue, store, time } = start();
    const settled = queue.add(settle('1'));
    for (const pauseMs of [50, 100, 200, 400, 800, 1600, 2000, 2000]) {
      (await store.next()).fail(new StoreDown());
      await turn();
      await time.pass(pauseMs - 1);
      await turn();
      assert.equal(store.transactions.length, 0);
      await time.pass(1);
    }
    (await store.next()).succeed();
    await settled;
  });

  test('finds the one operation that the store never takes, and lets the others through', async () => {
    const { queue, store, time, givenUp } = start();
    const good = [queue.add(settle('1')), queue.add(settle('3'))];
    const bad = assert.rejects(queue.add(settle('2')), /impossible/);
    (await store.next()).fail(new Error('impossible'));
    const isBad = (ids: string[]) => ids.includes('settle 2');
    for (let step = 0; step < 5; step++) {
      const transaction = await store.next();
      assert.equal(transaction.ids.length, 1);
      if (isBad(transaction.ids)) transaction.fail(new Error('impossible'));
      else transaction.succeed();
      await turn();
      await time.pass(2000);
    }
    await Promise.all([...good, bad]);
    assert.deepEqual(givenUp, ['2']);
  });

  test('tells how many operations are lost when it is closed while the store is down', async () => {
    const { queue, store, time } = start();
    queue.addLater(settle('1'));
    queue.addLater(settle('2'));
    (await store.next()).fail(new StoreDown());
    await turn();
    assert.equal(queue.close(), 2);
    await time.pass(50);
    await queue.idle(1000);
    assert.equal(store.transactions.length, 0);
  });
});

describe('what is written down', () => {
  /** Notes what need not be kept any longer. */
  function written() {
    const forgotten: string[] = [];
    const isWritten = Promise.resolve(true);
    return { forgotten, of: (id: string) => ({ isWritten, forget: () => void forgotten.push(id) }) };
  }

  test('has time: it shares its transaction with what comes within 50 ms', async () => {
    const { queue, store, time } = start();
    const { forgotten, of } = written();
    queue.addWritten(settle('1'), of('1'));
    await time.pass(PATIENCE_MS - 1);
    queue.addWritten(settle('2'), of('2'));
    await turn();
    assert.equal(store.transactions.length, 0);
    await time.pass(1);
    const transaction = await store.next();
    assert.deepEqual(transaction.ids, ['settle 1', 'settle 2']);
    assert.deepEqual(forgotten, []);
    transaction.succeed();
    await turn();
    assert.deepEqual(forgotten, ['1', '2']);
  });

  test('does not wait when there is much of it', async () => {
    const { queue, store } = start();
    for (let id = 0; id < 256; id++) queue.addWritten(settle(String(id)), written().of(String(id)));
    assert.equal((await store.next()).ids.length, 256);
  });

  test('does not keep a hold waiting, and comes in its own time', async () => {
    const { queue, store, time } = start();
    queue.addWritten(settle('1'), written().of('1'));
    const held = queue.add(hold('2'));
    const first = await store.next();
    assert.deepEqual(first.ids, ['hold 2']);
    first.succeed();
    await held;
    await time.pass(PATIENCE_MS);
    assert.deepEqual((await store.next()).ids, ['settle 1']);
  });

  test('comes before what is put back after it', async () => {
    const { queue, store } = start();
    queue.addWritten(settle('1'), written().of('1'));
    queue.addLater(settle('2'));
    assert.deepEqual((await store.next()).ids, ['settle 1', 'settle 2']);
  });

  test('goes into the store at once for whoever looks there', async () => {
    const { queue, store } = start();
    queue.addWritten(settle('1'), written().of('1'));
    let isFlushed = false;
    const flushed = queue.flush().then(() => {
      isFlushed = true;
    });
    const transaction = await store.next();
    queue.addWritten(settle('2'), written().of('2'));
    assert.equal(isFlushed, false);
    transaction.succeed();
    await flushed;
    assert.equal(queue.length, 1, 'what came later is not waited for');
  });

  test('keeps nobody waiting for a store that is down', async () => {
    const { queue, store, time } = start();
    const { forgotten, of } = written();
    queue.addWritten(settle('1'), of('1'));
    const flushed = queue.flush();
    (await store.next()).fail(new StoreDown());
    await flushed;
    await queue.flush();
    await time.pass(50);
    (await store.next()).succeed();
    await turn();
    assert.deepEqual(forgotten, ['1']);
  });

  test('is not lost when the queue is closed while the store is down', async () => {
    const { queue, store } = start();
    const { forgotten, of } = written();
    queue.addWritten(settle('1'), of('1'));
    queue.addLater(settle('2'));
    (await store.next()).fail(new StoreDown());
    await turn();
    assert.equal(queue.close(), 1);
    assert.deepEqual(forgotten, []);
  });
});
