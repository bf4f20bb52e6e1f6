/** What every store promises of claims and kept answers: one suite, run for each database. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Claim, KeptAnswer } from '#server/idempotency/kept-answer.js';
import type { LedgerOperation } from '#server/ledger/ledger-store.js';
import { SqlKeptAnswerStore } from '#server/store/sql/kept-answer-store.js';
import { SqlLedgerStore } from '#server/store/sql/ledger-store.js';
import { migrate } from '#server/store/sql/migrate.js';
import { MIGRATIONS } from '#server/store/sql/migrations/index.js';
import { addAccount, assertBalanced, entriesOf, hold, settle } from '../ledger/support/books.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';

for (const database of DATABASES) {
  describe(`claims in ${database.name}`, { skip: database.skip }, () => describeClaims(database));
}

const HERE = { id: 'here', host: 'here', processId: 1 };
const THERE = { id: 'there', host: 'there', processId: 1 };
/** Until when answers are kept here. */
const EXPIRY = 1000;

async function open(context: TestContext, testDatabase: TestDatabase) {
  const { queries: database, flavor } = await testDatabase.openBare(context);
  await migrate(database, flavor, MIGRATIONS, new ManualClock());
  const store = new SqlLedgerStore(database, flavor);
  const books = { database, store };
  await addAccount(books, 'a', 0n, 100n);
  await addAccount(books, 'b', 0n, 100n);
  for (const server of [HERE, THERE]) await store.keepAlive(server, 500);
  const kept = new SqlKeptAnswerStore(database);
  const apply = (...operations: LedgerOperation[]) => store.apply(operations, HERE.id);
  const applyThere = (...operations: LedgerOperation[]) => store.apply(operations, THERE.id);
  return { store, books, kept, apply, applyThere };
}

const by = (id: string, key = 'key', accountId = 'a'): Claim => ({ id, accountId, key, fingerprint: `asked by ${id}` });

const about = (claim: Claim, at: number) => ({ requestId: claim.id, accountId: claim.accountId, claim, at });
const claim = (one: Claim, at = 1): LedgerOperation => ({ kind: 'claim', ...about(one, at) });
const free = (one: Claim, at = 1): LedgerOperation => ({ kind: 'free', ...about(one, at) });

const CONTENT = Buffer.from([0, 1, 2, 255, 0]);
const ANSWER: KeptAnswer = { model: 'deepseek-chat', content: CONTENT, expiresAt: EXPIRY };

/** Settles the request of a claim, and keeps its answer. */
function keep(one: Claim, answer = ANSWER): LedgerOperation {
  const settled = settle(`request of ${one.id}`, one.accountId, 30n);
  return { ...settled, keep: { claim: one, answer } } as LedgerOperation;
}

function describeClaims(testDatabase: TestDatabase): void {
  test('are given once, until they are freed', async (context) => {
    const { apply, applyThere, kept } = await open(context, testDatabase);
    assert.deepEqual(await apply(claim(by('1'))), ['done']);
    assert.deepEqual(await applyThere(claim(by('2'))), ['taken']);
    assert.deepEqual(await kept.find('a', 'key'), { fingerprint: 'asked by 1', answer: undefined });
    await apply(free(by('1')));
    assert.equal(await kept.find('a', 'key'), undefined);
    assert.deepEqual(await applyThere(claim(by('2'))), ['done']);
  });

  test('are of one account and one key, whatever these consist of', async (context) => {
    const { apply } = await open(context, testDatabase);
    const claims = [by('1'), by('2', 'other'), by('3', 'key', 'b'), by('4', 'KEY'), by('5', "' or 1=1 -- ")];
    assert.deepEqual(
      await apply(...claims.map((one) => claim(one))),
      claims.map(() => 'done'),
    );
  });

  test('of one transaction are worked out one after the other', async (context) => {
    const { apply, kept } = await open(context, testDatabase);
    const operations = [
      claim(by('1')),
      claim(by('2')),
      free(by('2')),
      free(by('1')),
      claim(by('3')),
      keep(by('3')),
      free(by('1')),
    ];
    assert.deepEqual(await apply(...operations), ['done', 'taken', 'done', 'done', 'done', 'done', 'done']);
    assert.equal((await kept.find('a', 'key'))?.fingerprint, 'asked by 3');
    assert.deepEqual(await apply(free(by('3')), claim(by('4')), free(by('4'))), ['done', 'done', 'done']);
    assert.equal(await kept.find('a', 'key'), undefined);
  });

  test('are only freed by who has them', async (context) => {
    const { apply, applyThere, kept } = await open(context, testDatabase);
    await apply(claim(by('1')));
    assert.deepEqual(await applyThere(free(by('2'))), ['done']);
    assert.notEqual(await kept.find('a', 'key'), undefined);
  });

  test('become answers in the transaction that charges for them', async (context) => {
    const { apply, applyThere, kept, books } = await open(context, testDatabase);
    await apply(claim(by('1')), hold('request of 1', 'a', 50n));
    assert.deepEqual(await apply(keep(by('1'))), ['done']);
    const found = await kept.find('a', 'key');
    assert.deepEqual({ ...found?.answer, content: Buffer.from(found?.answer?.content ?? []) }, ANSWER);
    assert.deepEqual((await entriesOf(books, 'a')).at(-1), ['charge', 0n, -30n]);
    assert.deepEqual(await applyThere(claim(by('2'))), ['taken']);
    await assertBalanced(books);
  });

  test('become the same answer and the same charge however often that is applied', async (context) => {
    const { apply, kept, books } = await open(context, testDatabase);
    await apply(claim(by('1')));
    for (let time = 0; time < 3; time++) assert.deepEqual(await apply(keep(by('1'))), ['done']);
    assert.ok((await kept.find('a', 'key'))?.answer);
    assert.equal((await entriesOf(books, 'a')).filter(([kind]) => kind === 'charge').length, 1);
  });

  test('become answers without content where that was too long', async (context) => {
    const { apply, kept } = await open(context, testDatabase);
    await apply(claim(by('1')), keep(by('1'), { ...ANSWER, content: undefined }));
    assert.deepEqual((await kept.find('a', 'key'))?.answer, { ...ANSWER, content: undefined });
  });

  test('that another one has got meanwhile charge nothing, and what was held comes back', async (context) => {
    const { store, apply, applyThere, kept, books } = await open(context, testDatabase);
    await apply(claim(by('1')), hold('request of 1', 'a', 50n));
    await store.keepAlive(THERE, 5000);
    assert.equal(await store.releaseOrphans(600, () => false), 1);
    assert.deepEqual(await applyThere(claim(by('2'))), ['done']);
    assert.deepEqual(await apply(keep(by('1'))), ['taken']);
    assert.equal((await kept.find('a', 'key'))?.answer, undefined);
    assert.deepEqual(await applyThere(keep(by('2'))), ['done']);
    assert.deepEqual(await store.balance('a'), { granted: 0n, toppedUp: 70n });
    const records = await books.database.selectFrom('usage_records').select(['outcome', 'cost']).execute();
    assert.deepEqual(records.map(({ outcome, cost }) => [outcome, Number(cost)]).sort(), [
      ['completed', 30],
      ['failed', 0],
    ]);
    await assertBalanced(books);
  });

  test('of a server that is gone are free again, its answers stay', async (context) => {
    const { store, apply, applyThere, kept } = await open(context, testDatabase);
    await apply(claim(by('1')), claim(by('2', 'kept')), keep(by('2', 'kept')));
    await applyThere(claim(by('3', 'of another')));
    await store.releaseOrphans(1, ({ id }) => id === HERE.id);
    assert.equal(await kept.find('a', 'key'), undefined);
    assert.ok((await kept.find('a', 'kept'))?.answer);
    assert.notEqual(await kept.find('a', 'of another'), undefined);
  });

  test('keep the memory of a server that ends, until they are free', async (context) => {
    const { store, apply, kept } = await open(context, testDatabase);
    await apply(claim(by('1')));
    await store.removeServer(HERE.id);
    await store.releaseOrphans(500, () => false);
    assert.equal(await kept.find('a', 'key'), undefined);
  });

  test('of a server that nobody knows any more are free again as soon as another one is gone', async (context) => {
    const { store, apply, kept } = await open(context, testDatabase);
    await store.removeServer(HERE.id);
    await apply(claim(by('1')));
    await store.releaseOrphans(500, () => false);
    assert.equal(await kept.find('a', 'key'), undefined);
  });

  test('take the place of answers that have expired, also of one that is swept at that moment', async (context) => {
    const { apply, applyThere, kept } = await open(context, testDatabase);
    await apply(claim(by('1')), keep(by('1')));
    assert.deepEqual(await applyThere(claim(by('2'), EXPIRY - 1)), ['taken']);
    assert.deepEqual(await applyThere(claim(by('2'), EXPIRY)), ['done']);
    assert.equal(await kept.sweep(EXPIRY, 10), 0);
    assert.equal((await kept.find('a', 'key'))?.answer, undefined);
  });

  test('are never swept; answers are once they have expired, so many at a time', async (context) => {
    const { apply, kept } = await open(context, testDatabase);
    const claims = Array.from({ length: 5 }, (_, index) => by(`${index}`, `key ${index}`));
    await apply(claim(by('running', 'running')), ...claims.map((one) => claim(one)), ...claims.map((one) => keep(one)));
    assert.equal(await kept.sweep(EXPIRY - 1, 10), 0);
    assert.deepEqual(
      [await kept.sweep(EXPIRY, 3), await kept.sweep(EXPIRY, 3), await kept.sweep(EXPIRY, 3)],
      [3, 2, 0],
    );
    assert.notEqual(await kept.find('a', 'running'), undefined);
  });

  test('that many transactions want at once are given to one each, and nobody is locked out', async (context) => {
    const { store } = await open(context, testDatabase);
    const keys = ['k1', 'k2', 'k3', 'k4'];
    const wishes = Array.from({ length: 40 }, (_, index) => {
      const ordered = index % 2 === 0 ? keys : keys.toReversed();
      const accounts = index % 3 === 0 ? ['a', 'b'] : ['b', 'a'];
      return accounts.flatMap((account) => ordered.map((key) => claim(by(`${index} ${account} ${key}`, key, account))));
    });
    const results = await Promise.all(wishes.map((operations) => store.apply(operations, HERE.id)));
    assert.equal(results.flat().filter((result) => result === 'done').length, 2 * keys.length);
  });
}
