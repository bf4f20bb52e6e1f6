/** The key store's contract, the same for every database. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { NewKey } from '#server/accounts/key-store.js';
import type { Store } from '#server/store/open-store.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { until } from '../support/until.js';

for (const database of DATABASES) {
  describe(`keys in ${database.name}`, { skip: database.skip }, () => describeKeyStore(database));
}

function newKey(id: string, changes: Partial<NewKey> = {}): NewKey {
  const account = { id: `account of ${id}`, name: 'default' };
  return { id, name: `name of ${id}`, hash: `hash of ${id}`, lastFour: 'abcd', createdAt: 1000, account, ...changes };
}

function describeKeyStore(database: TestDatabase): void {
  const openKeys = async (context: TestContext): Promise<Store['keys']> => (await database.open(context)).keys;
  /** Two servers on one database. */
  const openTwo = async (context: TestContext): Promise<[Store['keys'], Store['keys']]> => {
    const here = await database.open(context);
    return [here.keys, (await database.openAgain(context, here)).keys];
  };

  describe('a stored key', () => {
    test('is found by its hash, with its account', async (context) => {
      const keys = await openKeys(context);
      const created = await keys.createKey(newKey('a', { expiresAt: 5000 }));
      const account = { id: 'account of a', name: 'default', createdAt: 1000 };
      const key = {
        id: 'a',
        accountId: account.id,
        name: 'name of a',
        lastFour: 'abcd',
        createdAt: 1000,
        expiresAt: 5000,
      };
      assert.deepEqual(created, { account, key });
      assert.deepEqual(await keys.findKey('hash of a'), { account, key });
      assert.equal(await keys.findKey('hash of b'), undefined);
    });

    test('joins the account of that name when there is one', async (context) => {
      const keys = await openKeys(context);
      await keys.createKey(newKey('a'));
      const second = await keys.createKey(newKey('b', { createdAt: 2000 }));
      assert.deepEqual(second.account, { id: 'account of a', name: 'default', createdAt: 1000 });
      const other = await keys.createKey(newKey('c', { account: { id: 'other', name: 'team' } }));
      assert.equal(other.account.id, 'other');
    });

    test('leaves no account behind when it cannot be stored', async (context) => {
      const keys = await openKeys(context);
      await keys.createKey(newKey('a'));
      const clash = newKey('b', { hash: 'hash of a', account: { id: 'other', name: 'team' } });
      await assert.rejects(keys.createKey(clash), /unique/i);
      const again = await keys.createKey(newKey('c', { account: { id: 'third', name: 'team' } }));
      assert.equal(again.account.id, 'third');
    });

    test('is listed in the order of creation', async (context) => {
      const keys = await openKeys(context);
      for (const [id, createdAt] of [
        ['c', 1000],
        ['a', 3000],
        ['b', 1000],
      ] as const)
        await keys.createKey(newKey(id, { createdAt }));
      assert.deepEqual(
        (await keys.listKeys()).map(({ key }) => key.id),
        ['b', 'c', 'a'],
      );
    });
  });

  describe('the first key', () => {
    test('is stored once, also when that one was revoked', async (context) => {
      const keys = await openKeys(context);
      assert.equal((await keys.createFirstKey(newKey('a')))?.key.id, 'a');
      assert.equal(await keys.createFirstKey(newKey('b')), undefined);
      await keys.revokeKey('a', 2000);
      assert.equal(await keys.createFirstKey(newKey('c')), undefined);
      assert.equal((await keys.listKeys()).length, 1);
    });
  });

  describe('a revocation', () => {
    test('is recorded with its time, the first of which stays', async (context) => {
      const keys = await openKeys(context);
      await keys.createKey(newKey('a'));
      assert.equal((await keys.revokeKey('a', 2000))?.key.revokedAt, 2000);
      assert.equal((await keys.revokeKey('a', 3000))?.key.revokedAt, 2000);
      assert.equal((await keys.findKey('hash of a'))?.key.revokedAt, 2000);
    });

    test('of a key that does not exist is undefined', async (context) => {
      assert.equal(await (await openKeys(context)).revokeKey('a', 1), undefined);
    });
  });

  describe('the revision', () => {
    test('changes with every key that is created or revoked, here or by another store', async (context) => {
      const [here, there] = await openTwo(context);
      const changes = [
        () => here.createKey(newKey('a')),
        () => there.createKey(newKey('b')),
        () => there.revokeKey('a', 1),
        () => here.revokeKey('b', 1),
      ];
      for (const change of changes) {
        const before = [here.revision(), there.revision()];
        await change();
        await until('both have heard of it', () => here.revision() !== before[0] && there.revision() !== before[1]);
      }
    });

    test('has changed when the verb that changed a key returns', async (context) => {
      const keys = await openKeys(context);
      const seen = [keys.revision()];
      for (const id of ['a', 'b', 'c']) {
        await keys.createKey(newKey(id));
        seen.push(keys.revision());
        await keys.revokeKey(id, 1);
        seen.push(keys.revision());
      }
      assert.equal(new Set(seen).size, 7);
    });

    test('stays as it is when a change fails', async (context) => {
      const keys = await openKeys(context);
      await keys.createKey(newKey('a'));
      const before = keys.revision();
      await assert.rejects(keys.createKey(newKey('a')));
      assert.equal(await keys.createFirstKey(newKey('b')), undefined);
      assert.equal(keys.revision(), before);
    });

    test('stays as it is when nothing but the last use changes', async (context) => {
      const keys = await openKeys(context);
      await keys.createKey(newKey('a'));
      const before = keys.revision();
      await keys.recordUse(new Map([['a', 5000]]));
      assert.equal(keys.revision(), before);
    });
  });

  describe('the last use', () => {
    test('is recorded for many keys at once and never set back', async (context) => {
      const keys = await openKeys(context);
      for (const id of ['a', 'b', 'c']) await keys.createKey(newKey(id));
      await keys.recordUse(
        new Map([
          ['a', 5000],
          ['b', 6000],
          ['unknown', 1],
        ]),
      );
      await keys.recordUse(
        new Map([
          ['a', 4000],
          ['b', 7000],
        ]),
      );
      assert.deepEqual(
        (await keys.listKeys()).map(({ key }) => key.lastUsedAt),
        [5000, 7000, undefined],
      );
    });
  });
}
