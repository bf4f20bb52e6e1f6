/** What the way of a request can rely on when the ledger is slow or lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ClaimLostError, LEDGER_TIMEOUT_MS, Ledger, LedgerLostError } from '#server/ledger/ledger.js';
import type { LedgerOperation, LedgerStore, OperationResult } from '#server/ledger/ledger-store.js';
import { unpackSettlement } from '#server/ledger/pack-settlement.js';
import { ManualTime } from '../limits/support/manual-time.js';
import { usage } from './support/books.js';

const REQUEST = { requestId: '1', accountId: 'a' };

/** A store that takes operations, refuses them, or does not answer. */
class MoodyStore implements Pick<LedgerStore, 'apply'> {
  mood: 'takes' | 'refuses holds' | 'refuses holds until settled' | 'has given the claim away' | 'fails' | 'is silent' =
    'takes';
  readonly applied: LedgerOperation['kind'][] = [];
  #awake = Promise.withResolvers<void>();

  async apply(operations: readonly LedgerOperation[]): Promise<OperationResult[]> {
    if (this.mood === 'is silent') await this.#awake.promise;
    if (this.mood === 'fails') throw new Error('down');
    this.applied.push(...operations.map(({ kind }) => kind));
    if (this.mood === 'has given the claim away') return operations.map(() => 'taken');
    const refuses =
      this.mood === 'refuses holds' ||
      (this.mood === 'refuses holds until settled' && !this.applied.includes('settle'));
    return operations.map(({ kind }) => (kind === 'hold' && refuses ? 'insufficient_balance' : 'done'));
  }

  answerAgain(): void {
    this.mood = 'takes';
    this.#awake.resolve();
  }
}

function start(mood: MoodyStore['mood'] = 'takes') {
  const store = new MoodyStore();
  store.mood = mood;
  const time = new ManualTime();
  const ledger = new Ledger({
    store: store as unknown as LedgerStore,
    serverId: 'server',
    clock: time,
    timers: time,
    timersClock: time,
    isStoreFailure: () => true,
    onFailure: () => {},
    onGivenUp: () => {},
  });
  return { store, time, ledger };
}

describe('a hold', () => {
  test('says whether the balance covers it', async () => {
    assert.equal((await start('takes').ledger.hold(REQUEST, 1n, false))?.amount, 1n);
    assert.equal(await start('refuses holds').ledger.hold(REQUEST, 1n, false), undefined);
  });

  test('that the store fails to make rejects, and is released once the store is back', async () => {
    const { ledger, store, time } = start('fails');
    await assert.rejects(async () => ledger.hold(REQUEST, 1n, false), LedgerLostError);
    store.mood = 'takes';
    await time.pass(50);
    assert.ok(store.applied.length > 0 && store.applied.every((kind) => kind === 'settle'));
    assert.equal(ledger.backlog, 0);
  });

  test('that takes too long rejects after ten seconds, and is released when it was made after all', async () => {
    const { ledger, store, time } = start('is silent');
    const held = assert.rejects(async () => ledger.hold(REQUEST, 1n, false), LedgerLostError);
    await turn();
    await time.pass(LEDGER_TIMEOUT_MS);
    await held;
    store.answerAgain();
    await time.pass(0);
    await ledger.close(1000);
    assert.deepEqual(store.applied, ['hold', 'settle']);
  });
});

describe('a settlement', () => {
  test('resolves once it is durable', async () => {
    const { ledger, store } = start();
    await ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    assert.deepEqual(store.applied, ['settle']);
  });

  test('that is not durable in time rejects, and its charge is taken back in case it was made', async () => {
    const { ledger, store, time } = start('is silent');
    const settled = assert.rejects(async () => ledger.settle(REQUEST, undefined, usage('1', 'a', 5n)), LedgerLostError);
    await turn();
    await time.pass(LEDGER_TIMEOUT_MS);
    await settled;
    store.answerAgain();
    await time.pass(0);
    await ledger.close(1000);
    assert.deepEqual(store.applied, ['settle', 'void']);
  });

  test('waits for a store that comes back in time', async () => {
    const { ledger, store, time } = start('fails');
    const settled = ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    await turn();
    await time.pass(3000);
    store.mood = 'takes';
    await time.pass(2000);
    await settled;
    assert.deepEqual(store.applied, ['settle']);
  });

  test('is given as much time as the timers take, however fast the clock of the server goes', async () => {
    const store = new MoodyStore();
    const [time, fast] = [new ManualTime(), new ManualTime()];
    const ledger = new Ledger({
      ...{ store: store as unknown as LedgerStore, serverId: 'server', clock: fast, timers: time, timersClock: time },
      ...{ isStoreFailure: () => true, onFailure: () => {}, onGivenUp: () => {} },
    });
    ledger.settleLater(REQUEST, undefined, usage('0', 'a', 5n));
    store.mood = 'is silent';
    const first = assert.rejects(async () => ledger.settle(REQUEST, undefined, usage('1', 'a', 5n)), LedgerLostError);
    await time.pass(LEDGER_TIMEOUT_MS - 1000);
    const second = ledger.settle({ ...REQUEST, requestId: '2' }, undefined, usage('2', 'a', 5n));
    fast.reading += 600 * LEDGER_TIMEOUT_MS;
    await time.pass(1000);
    await first;
    store.answerAgain();
    await time.pass(0);
    await second;
    await ledger.close(1000);
  });

  test('that nobody waits for is made when the store is back', async () => {
    const { ledger, store, time } = start('fails');
    ledger.settleLater(REQUEST, undefined, usage('1', 'a', 5n));
    await turn();
    assert.equal(ledger.backlog, 1);
    await time.pass(60_000);
    store.mood = 'takes';
    await time.pass(2000);
    assert.deepEqual(store.applied, ['settle']);
  });

  test('leaves no timer behind', async () => {
    const { ledger, time } = start();
    const hold = await ledger.hold(REQUEST, 1n, false);
    await ledger.settle(REQUEST, hold, usage('1', 'a', 5n));
    await ledger.close(1000);
    assert.equal(time.timers, 0);
  });
});

describe('closing the ledger', () => {
  test('waits for what is not durable yet', async () => {
    const { ledger, store } = start();
    ledger.settleLater(REQUEST, undefined, usage('1', 'a', 5n));
    assert.equal(await ledger.close(1000), 0);
    assert.deepEqual(store.applied, ['settle']);
  });

  test('gives up in time, and says how much is lost', async () => {
    const { ledger, time } = start('fails');
    ledger.settleLater(REQUEST, undefined, usage('1', 'a', 5n));
    const closed = ledger.close(1000);
    await turn();
    await time.pass(1000);
    assert.equal(await closed, 1);
  });
});

const CLAIM = { id: 'claim', accountId: 'a', key: 'key', fingerprint: 'asked' };
const KEEP = { claim: CLAIM, answer: { model: 'm', content: undefined, expiresAt: 2 } };

describe('a claim', () => {
  test('says whether the key was free', async () => {
    assert.equal(await start('takes').ledger.claim(CLAIM), true);
    assert.equal(await start('has given the claim away').ledger.claim(CLAIM), false);
  });

  test('that takes too long rejects after ten seconds, and is freed when it was made after all', async () => {
    const { ledger, store, time } = start('is silent');
    const claimed = assert.rejects(ledger.claim(CLAIM), LedgerLostError);
    await turn();
    await time.pass(LEDGER_TIMEOUT_MS);
    await claimed;
    store.answerAgain();
    await time.pass(0);
    await ledger.close(1000);
    assert.deepEqual(store.applied, ['claim', 'free']);
  });

  test('that another server has got meanwhile keeps a settlement from completing, and there is no charge to take back', async () => {
    const { ledger, store } = start('has given the claim away');
    await assert.rejects(async () => ledger.settle(REQUEST, undefined, usage('1', 'a', 1n), KEEP), ClaimLostError);
    await ledger.close(1000);
    assert.deepEqual(store.applied, ['settle']);
  });
});

describe('a ledger with a journal', () => {
  function startWritten(canWrite = () => true, waitsForStore = () => false) {
    const store = new MoodyStore();
    const time = new ManualTime();
    const kept = new Set<string>();
    let syncs = 0;
    const ledger = new Ledger({
      ...{ store: store as unknown as LedgerStore, serverId: 'server', clock: time, timers: time, timersClock: time },
      ...{ isStoreFailure: () => true, onFailure: () => {}, onGivenUp: () => {} },
      waitsForStore,
      journal: {
        write(packed) {
          const { requestId } = unpackSettlement(packed);
          if (canWrite()) kept.add(requestId);
          return { isWritten: Promise.resolve(canWrite()), forget: () => void kept.delete(requestId) };
        },
        sync() {
          syncs += 1;
        },
        close() {},
      },
    });
    return { store, time, ledger, kept, syncs: () => syncs };
  }

  test('has a settlement done once it is written, which is in the store a moment later', async () => {
    const { ledger, store, time, kept } = startWritten();
    await ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    assert.deepEqual([...kept], ['1']);
    assert.deepEqual(store.applied, []);
    await time.pass(50);
    assert.deepEqual(store.applied, ['settle']);
    assert.deepEqual([...kept], []);
  });

  test('waits for the store where the journal cannot be written', async () => {
    const { ledger, store } = startWritten(() => false);
    await ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    // The store charges once, however often it is asked to.
    assert.deepEqual(new Set(store.applied), new Set(['settle']));
  });

  test('waits for the store as soon as that is wanted', async () => {
    let waits = false;
    const { ledger, store, kept } = startWritten(
      () => true,
      () => waits,
    );
    await ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    assert.deepEqual(store.applied, []);
    waits = true;
    await ledger.settle({ ...REQUEST, requestId: '2' }, undefined, usage('2', 'a', 5n));
    assert.ok(store.applied.length > 0);
    assert.equal(kept.has('2'), false);
  });

  test('has what it wrote outlive the machine while the store is down', async () => {
    const { ledger, store, time, syncs } = startWritten();
    store.mood = 'fails';
    void ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    assert.equal(syncs(), 0);
    await time.pass(50);
    assert.equal(syncs(), 1);
  });

  test('lets answers wait again when the store has not taken thousands', async () => {
    const { ledger, store, time } = startWritten();
    store.mood = 'fails';
    const settle = (id: string) => ledger.settle({ ...REQUEST, requestId: id }, undefined, usage(id, 'a', 5n));
    for (let count = 0; count < 8192; count++) await settle(String(count));
    let isDone = false;
    const last = settle('last').then(() => {
      isDone = true;
    });
    await turn();
    assert.equal(isDone, false);
    store.mood = 'takes';
    await time.pass(4000);
    await last;
    assert.equal(ledger.backlog, 0);
  });

  test('knows what requests have put back before it says that a balance does not cover another one', async () => {
    const { ledger, store } = startWritten();
    void ledger.settle(REQUEST, undefined, usage('1', 'a', 5n));
    store.mood = 'refuses holds until settled';
    assert.equal((await ledger.hold({ ...REQUEST, requestId: '2' }, 1n, false))?.amount, 1n);
    assert.deepEqual(store.applied, ['hold', 'settle', 'hold']);
  });
});
