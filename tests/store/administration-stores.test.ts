/** The contract of the stores of administration, the same for every database. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { AdministrationStores } from '#server/accounts/administration-stores.js';
import type { Addition } from '#server/ledger/funds.js';
import type { UsageRecord } from '#server/ledger/usage.js';
import type { Store } from '#server/store/open-store.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { until } from '../support/until.js';

for (const database of DATABASES) {
  describe(`administration in ${database.name}`, { skip: database.skip }, () => describeStores(database));
}

const AUTHOR = { actor: 'test', at: 2000 };
const DAY_MS = 86_400_000;

/** Beyond what a number holds exactly. */
const HUGE = 9_007_199_254_740_993n;

function makeAccount(stores: AdministrationStores, id: string, createdAt = 1000) {
  return stores.accounts.createAccount({ id, name: `name of ${id}`, createdAt }, AUTHOR);
}

function makeKey({ keys }: AdministrationStores, id: string, accountId: string) {
  const account = { id: accountId, name: `name of ${accountId}` };
  return keys.createKey({ id, name: `name of ${id}`, hash: id, lastFour: 'abcd', createdAt: 1000, account });
}

function addition(accountId: string, changes: Partial<Addition> = {}): Addition {
  return { kind: 'credit', accountId, amount: 5n, currency: 'USD', reference: 'r', ...changes };
}

/** Lets a server hold and charge, as the way of a request does. */
async function use(store: Store, usage: UsageRecord): Promise<void> {
  const { requestId, accountId, at } = usage;
  const hold = { kind: 'hold', requestId, accountId, at, amount: usage.cost, mayOverdraw: true } as const;
  const settle = { kind: 'settle', requestId, accountId, at, hold: { id: requestId }, usage } as const;
  await store.ledger.apply([hold, settle], 'server');
}

function record(requestId: string, changes: Partial<UsageRecord> = {}): UsageRecord {
  return {
    requestId,
    accountId: 'a',
    keyId: 'k',
    model: 'm',
    at: 10 * DAY_MS,
    durationMs: 5,
    outcome: 'completed',
    stream: true,
    promptTokens: 10,
    cacheHitTokens: 4,
    completionTokens: 3,
    reasoningTokens: 1,
    cost: 7n,
    ...changes,
  };
}

function describeStores(database: TestDatabase): void {
  const open = async (context: TestContext) => (await database.open(context)).administration;

  describe('an account', () => {
    test('is found by its id before one that has this id for a name', async (context) => {
      const { accounts } = await open(context);
      await accounts.createAccount({ id: 'b', name: 'a', createdAt: 1 }, AUTHOR);
      await accounts.createAccount({ id: 'a', name: 'other', createdAt: 2 }, AUTHOR);
      assert.equal((await accounts.findAccount('a'))?.account.name, 'other');
      assert.equal((await accounts.findAccount('other'))?.account.id, 'a');
      assert.equal(await accounts.findAccount('nobody'), undefined);
    });

    test('of a name that many want at once is made by one of them, and renamed to by one of them', async (context) => {
      const stores = await open(context);
      const ids = ['a', 'b', 'c', 'd', 'e'];
      const codes = async (works: Promise<unknown>[]) =>
        (await Promise.allSettled(works)).map((result) =>
          result.status === 'fulfilled' ? 'done' : (result.reason as { code: string }).code,
        );
      const create = (id: string) => stores.accounts.createAccount({ id, name: 'same', createdAt: 1 }, AUTHOR);
      assert.deepEqual((await codes(ids.map(create))).sort(), [...Array(4).fill('conflict'), 'done']);
      for (const id of ids) await makeAccount(stores, `${id}2`);
      const rename = (id: string) => stores.accounts.changeAccount(`${id}2`, { name: 'wanted' }, AUTHOR);
      assert.deepEqual((await codes(ids.map(rename))).sort(), [...Array(4).fill('conflict'), 'done']);
    });

    test('that many keys are made for at once, and that is made on the way, is made once', async (context) => {
      const stores = await open(context);
      const make = (id: string) =>
        stores.keys.createKey({
          id,
          name: id,
          hash: id,
          lastFour: 'abcd',
          createdAt: 1,
          account: { id: `account of ${id}`, name: 'shared' },
        });
      const made = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(make));
      assert.equal(new Set(made.map(({ account }) => account.id)).size, 1);
      const creations = (await stores.audit.listAudit({ limit: 100 })).filter(
        ({ action }) => action === 'account.create',
      );
      assert.equal(creations.length, 1);
    });

    test('is listed after the one before it, also within the same millisecond', async (context) => {
      const stores = await open(context);
      for (const id of ['c', 'a', 'b']) await makeAccount(stores, id);
      await makeAccount(stores, '0', 3000);
      const seen = [];
      for (let after: { createdAt: number; id: string } | undefined; ; ) {
        const [next] = await stores.accounts.listAccounts({ after, limit: 1 });
        if (next === undefined) break;
        after = next.account;
        seen.push(after.id);
      }
      assert.deepEqual(seen, ['a', 'b', 'c', '0']);
    });

    test('that does not exist cannot be changed', async (context) => {
      const { accounts, audit } = await open(context);
      await assert.rejects(accounts.changeAccount('x', { tier: 'free' }, AUTHOR), { code: 'not_found' });
      assert.deepEqual(await audit.listAudit({ limit: 10 }), []);
    });

    test('and its keys announce to other servers that they were changed', async (context) => {
      const store = await database.open(context);
      const there = await database.openAgain(context, store);
      const stores = store.administration;
      await makeAccount(stores, 'a');
      await makeKey(stores, 'k', 'a');
      for (const change of [
        () => stores.accounts.changeAccount('a', { tier: 'free' }, AUTHOR),
        () => stores.keys.changeKey('k', { limits: { requestsPerMinute: 3 } }, AUTHOR),
        () => stores.keys.revokeKey('k', 5000),
      ]) {
        const before = there.keys.revision();
        await change();
        await until('the other server knows', () => there.keys.revision() !== before);
      }
    });
  });

  describe('a key', () => {
    test('changes what is named, loses what is null, and keeps the rest', async (context) => {
      const stores = await open(context);
      await makeAccount(stores, 'a');
      await makeKey(stores, 'k', 'a');
      const limits = { requestsPerMinute: 5, tokensPerMinute: 1_000_000_000_000 };
      const set = await stores.keys.changeKey('k', { limits, models: ['m'], expiresAt: 9000 }, AUTHOR);
      assert.deepEqual(set?.key.limits, { ...limits, concurrentRequests: undefined });
      const changes = { limits: { requestsPerMinute: null }, models: null, name: 'new' };
      const unset = await stores.keys.changeKey('k', changes, AUTHOR);
      assert.deepEqual(
        [unset?.key.name, unset?.key.limits?.requestsPerMinute, unset?.key.limits?.tokensPerMinute],
        ['new', undefined, 1_000_000_000_000],
      );
      assert.deepEqual([unset?.key.models, unset?.key.expiresAt], [undefined, 9000]);
      assert.deepEqual(await stores.keys.getKey('k'), unset);
      assert.equal(await stores.keys.changeKey('nothing', { name: 'x' }, AUTHOR), undefined);
    });
  });

  describe('an admin key', () => {
    test('is found by its hash, noted when it is used, and revoked once', async (context) => {
      const { adminKeys } = await open(context);
      const key = { id: 'k', name: 'console', hash: 'h', lastFour: 'abcd', createdAt: 1000 };
      await adminKeys.createAdminKey(key, AUTHOR);
      await adminKeys.recordUse(new Map([['k', 5000]]));
      await adminKeys.recordUse(new Map([['k', 4000]]));
      assert.equal((await adminKeys.revokeAdminKey('k', { actor: 'test', at: 6000 }))?.revokedAt, 6000);
      await adminKeys.revokeAdminKey('k', { actor: 'test', at: 7000 });
      const { hash, ...shown } = key;
      assert.deepEqual(await adminKeys.findAdminKey(hash), { ...shown, lastUsedAt: 5000, revokedAt: 6000 });
      assert.deepEqual(await adminKeys.listAdminKeys(), [await adminKeys.findAdminKey(hash)]);
      assert.equal(await adminKeys.findAdminKey('other'), undefined);
      assert.equal(await adminKeys.revokeAdminKey('other', AUTHOR), undefined);
    });
  });

  describe('funds', () => {
    test('of one reference are added once, however many add them at once', async (context) => {
      const stores = await open(context);
      await makeAccount(stores, 'a');
      const results = await Promise.all(Array.from({ length: 8 }, () => stores.funds.addFunds(addition('a'), AUTHOR)));
      assert.equal(results.filter(({ isNew }) => isNew).length, 1);
      assert.equal(new Set(results.map(({ entry }) => entry.id)).size, 1);
      assert.deepEqual((await stores.accounts.findAccount('a'))?.balance, { granted: 0n, toppedUp: 5n });
    });

    test('of many references are all added, to the nano-unit, while servers hold and charge', async (context) => {
      const store = await database.open(context);
      const stores = store.administration;
      await makeAccount(stores, 'a');
      await makeKey(stores, 'k', 'a');
      const adding = Array.from({ length: 10 }, (_, index) =>
        stores.funds.addFunds(addition('a', { reference: `r${index}`, amount: HUGE }), AUTHOR),
      );
      const using = Array.from({ length: 10 }, (_, index) => use(store, record(`q${index}`, { cost: 3n })));
      await Promise.all([...adding, ...using]);
      assert.deepEqual((await stores.accounts.findAccount('a'))?.balance, { granted: 0n, toppedUp: 10n * HUGE - 30n });
      assert.deepEqual(await stores.funds.findImbalances(10), []);
      const entries = await stores.funds.listEntries('a', { limit: 100 });
      assert.equal(
        entries.reduce((sum, { granted, toppedUp }) => sum + granted + toppedUp, 0n),
        10n * HUGE - 30n,
      );
    });

    test('are refused with another amount, in another currency, and to nobody', async (context) => {
      const stores = await open(context);
      await makeAccount(stores, 'a');
      await stores.funds.addFunds(addition('a'), AUTHOR);
      const before = await stores.audit.listAudit({ limit: 10 });
      await assert.rejects(stores.funds.addFunds(addition('a', { amount: 6n }), AUTHOR), { code: 'conflict' });
      await assert.rejects(stores.funds.addFunds(addition('a', { currency: 'CNY', reference: 's' }), AUTHOR), {
        code: 'currency',
      });
      await assert.rejects(stores.funds.addFunds(addition('nobody'), AUTHOR), { code: 'not_found' });
      assert.equal((await stores.funds.listEntries('a', { limit: 10 })).length, 1);
      assert.deepEqual(await stores.audit.listAudit({ limit: 10 }), before);
    });
  });

  describe('usage', () => {
    test('is summed up by every combination of groups', async (context) => {
      const store = await database.open(context);
      const stores = store.administration;
      for (const id of ['a', 'b']) {
        await makeAccount(stores, id);
        await makeKey(stores, `key of ${id}`, id);
      }
      const of = (accountId: string) => ({ accountId, keyId: `key of ${accountId}` });
      await use(store, record('q1', { ...of('a'), cost: HUGE }));
      await use(store, record('q2', { ...of('a'), model: 'n', at: 11 * DAY_MS - 1 }));
      await use(store, record('q3', { ...of('b'), at: 11 * DAY_MS, promptTokens: 1_000_000_000_000 }));
      const requests = async (...groups: ('account' | 'key' | 'model' | 'day')[]) =>
        (await stores.usage.sumUsage({}, groups, 100)).map(({ accountId, keyId, model, day, requests }) =>
          [accountId, keyId, model, day]
            .filter((part) => part !== undefined)
            .concat(String(requests))
            .join(' '),
        );
      assert.deepEqual(await requests(), ['3']);
      assert.deepEqual(await requests('account'), ['a 2', 'b 1']);
      assert.deepEqual(await requests('day'), ['1970-01-11 2', '1970-01-12 1']);
      assert.deepEqual(await requests('model', 'day'), ['m 1970-01-11 1', 'm 1970-01-12 1', 'n 1970-01-11 1']);
      assert.deepEqual(await requests('day', 'key', 'account', 'model'), [
        'a key of a m 1970-01-11 1',
        'a key of a n 1970-01-11 1',
        'b key of b m 1970-01-12 1',
      ]);
      const [sum] = await stores.usage.sumUsage({ to: 11 * DAY_MS }, ['account'], 100);
      assert.deepEqual(sum, {
        accountId: 'a',
        accountName: 'name of a',
        requests: 2,
        promptTokens: 20,
        cacheHitTokens: 8,
        completionTokens: 6,
        reasoningTokens: 2,
        cost: HUGE + 7n,
      });
      assert.equal((await stores.usage.sumUsage({}, ['day'], 1)).length, 1);
      const filter = { keyId: 'key of b', accountId: 'b', model: 'm', from: 11 * DAY_MS, to: 11 * DAY_MS + 1 };
      assert.equal((await stores.usage.sumUsage(filter, [], 1))[0]?.promptTokens, 1_000_000_000_000);
      assert.equal((await stores.usage.sumUsage({ model: 'none' }, [], 1))[0]?.requests, 0);
    });

    test('is read as it was recorded, in the order of time, over the edges of pages', async (context) => {
      const store = await database.open(context);
      const stores = store.administration;
      await makeAccount(stores, 'a');
      await makeKey(stores, 'k', 'a');
      const at = (index: number) => 1000 + Math.floor(index / 700);
      const records = Array.from({ length: 1201 }, (_, index) => record(`q${10_000 + index}`, { at: at(index) }));
      const operations = records.map((usage) => ({ kind: 'settle', ...usage, usage }) as const);
      await store.ledger.apply(operations, 'server');
      const read = [];
      for await (const one of stores.usage.readUsage({ accountId: 'a' })) read.push(one);
      assert.deepEqual(read, records);
    });
  });
}
