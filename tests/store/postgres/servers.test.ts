/** Several servers on one PostgreSQL: what one does at the same time as another, and when the others know of it. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { ApiError } from '@plumb/wire';
import { KeyHasher } from '#server/accounts/api-key.js';
import { Authenticator } from '#server/accounts/authenticate.js';
import { issueKey } from '#server/accounts/issue-key.js';
import type { NewKey } from '#server/accounts/key-store.js';
import { openStore, type Store } from '#server/store/open-store.js';
import { StoreError } from '#server/store/store-error.js';
import { POSTGRES, sharedPostgres } from '../../support/databases.js';
import { until } from '../../support/until.js';
import { ManualClock } from '../helpers/manual-clock.js';
import { runProgram } from '../helpers/programs.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const clock = new ManualClock();
const SECRET = '0123456789abcdef'.repeat(4);

function newKey(id: string, account = { id: `account of ${id}`, name: 'default' }): NewKey {
  return { id, name: `name of ${id}`, hash: `hash of ${id}`, lastFour: 'abcd', createdAt: 1000, account };
}

async function openTwo(context: TestContext): Promise<[Store, Store]> {
  const here = await POSTGRES.open(context);
  return [here, await POSTGRES.openAgain(context, here)];
}

/** Tells callers as a server does that has this store open. */
function authenticatorOf({ keys, secret }: Store): Authenticator {
  return new Authenticator({ keys, hasher: new KeyHasher(secret), clock, onError: assert.ifError });
}

async function isAdmitted(authenticator: Authenticator, key: string): Promise<boolean> {
  try {
    await authenticator.authenticate({ authorization: `Bearer ${key}` });
    return true;
  } catch (error) {
    assert.ok(error instanceof ApiError && error.status === 401, String(error));
    return false;
  }
}

describe('servers on one PostgreSQL', { skip: POSTGRES.skip }, () => {
  test('that store the first key at the same moment store one, and both learn whether it is theirs', async (context) => {
    const [here, there] = (await openTwo(context)).map(({ keys }) => keys) as [Store['keys'], Store['keys']];
    const ids = Array.from({ length: 10 }, (_, index) => `key ${index}`);
    const created = await Promise.all(ids.map((id, index) => (index % 2 ? here : there).createFirstKey(newKey(id))));
    const winners = created.filter((holder) => holder !== undefined);
    assert.equal(winners.length, 1);
    assert.deepEqual(await here.listKeys(), winners);
  });

  test('that make, revoke and note keys at the same time lose nothing and wait for each other in no circle', async (context) => {
    const servers = (await openTwo(context)).map(({ keys }) => keys);
    const ids = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    const accountOf = (index: number) => ({ id: `account of ${index}`, name: `team ${index % 3}` });
    const create = (id: string, index: number) => servers[index % 2]!.createKey(newKey(id, accountOf(index)));
    await Promise.all(ids.map(create));
    const uses = ids.map((id, index) => [id, 5000 + index] as const);
    await Promise.all([
      ...servers.map((keys) => keys.recordUse(new Map(uses))),
      ...servers.map((keys) => keys.recordUse(new Map(uses.toReversed()))),
      ...ids.map((id, index) => servers[index % 2]!.revokeKey(id, 100 + index)),
    ]);
    const holders = await servers[0]!.listKeys();
    assert.equal(holders.length, ids.length);
    assert.equal(new Set(holders.map(({ account }) => account.id)).size, 3);
    for (const [index, id] of ids.entries()) {
      const { key } = holders.find((holder) => holder.key.id === id)!;
      assert.deepEqual([key.revokedAt, key.lastUsedAt], [100 + index, 5000 + index]);
    }
  });

  test('that start at the same moment on an empty database set it up once', async (context) => {
    const options = { ...(await POSTGRES.options(context)), secret: SECRET };
    const stores = await Promise.all(Array.from({ length: 4 }, () => POSTGRES.open(context, options)));
    await stores[0]!.keys.createKey(newKey('a'));
    assert.equal((await stores[3]!.keys.listKeys()).length, 1);
  });

  test('each use as many connections as they are allowed, and no more', async (context) => {
    const options = await POSTGRES.options(context);
    const { url = '', connections } = options.database!;
    const { keys } = await POSTGRES.open(context, options);
    await Promise.all(Array.from({ length: 30 }, () => keys.findKey('unknown')));
    const operator = await (await sharedPostgres()).connect(url);
    const { rows } = await operator.query(
      "select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name = 'plumb'",
    );
    await operator.end();
    assert.equal(rows[0].open, connections);
  });
});

describe('a change of keys on one server', { skip: POSTGRES.skip }, () => {
  test('counts on the others as soon as its notice is there', async (context) => {
    const [here, there] = await openTwo(context);
    const issuer = { keys: here.keys, hasher: new KeyHasher(here.secret), clock };
    const [authenticatorHere, authenticatorThere] = [authenticatorOf(here), authenticatorOf(there)];
    const { key, apiKey } = await issueKey(issuer, { accountName: 'default', name: 'test' });
    assert.ok(await isAdmitted(authenticatorHere, key));
    assert.ok(await isAdmitted(authenticatorThere, key));
    // Until the notice of the key's own creation is there, nothing that was looked up before it is trusted.
    await until('the other server remembers the key', async () => {
      const caller = authenticatorThere.authenticate({ authorization: `Bearer ${key}` });
      if (!(caller instanceof Promise)) return true;
      await caller;
      return false;
    });
    await here.keys.revokeKey(apiKey.id, clock.now());
    assert.ok(!(await isAdmitted(authenticatorHere, key)), 'at once where it was done');
    await until('the other server refuses the key', async () => !(await isAdmitted(authenticatorThere, key)));
    await Promise.all([authenticatorHere.flush(), authenticatorThere.flush()]);
  });

  test('counts on the others when it was made by the command line', async (context) => {
    const options = { ...(await POSTGRES.options(context)), secret: SECRET };
    const store = await POSTGRES.open(context, options);
    const authenticator = authenticatorOf(store);
    const environment = { PLUMB_DATABASE_URL: options.database!.url!, PLUMB_SECRET: SECRET };
    const dataDir = await temporaryFolder(context);
    const keys = (...args: string[]) =>
      runProgram('keys-program.js', ['keys', ...args, '--data-dir', dataDir, '--json'], { environment });
    const created = await keys('create');
    assert.deepEqual([created.code, created.stderr], [0, '']);
    const { key, id } = JSON.parse(created.stdout) as { key: string; id: string };
    assert.ok(await isAdmitted(authenticator, key));
    assert.equal((await keys('revoke', id)).code, 0);
    await until('the server refuses the key', async () => !(await isAdmitted(authenticator, key)));
    assert.deepEqual(await readdir(dataDir), [], 'neither a database nor a secret in the folder');
    await authenticator.flush();
  });
});

describe('the secret of several servers', { skip: POSTGRES.skip }, () => {
  test('is in no file when it is handed in', async (context) => {
    const options = { ...(await POSTGRES.options(context)), secret: SECRET };
    const store = await POSTGRES.open(context, options);
    assert.equal(Buffer.from(store.secret).toString('hex'), SECRET);
    assert.deepEqual(await readdir(options.dataDir), []);
  });

  test('can be the file of the first server in every data folder', async (context) => {
    const options = await POSTGRES.options(context);
    const first = await POSTGRES.open(context, options);
    const secret = Buffer.from(first.secret).toString('hex');
    const second = await POSTGRES.open(context, { ...options, dataDir: await temporaryFolder(context), secret });
    assert.deepEqual(second.secret, first.secret);
  });

  test('has to be the same: a server with another one, or none, does not start', async (context) => {
    const options = await POSTGRES.options(context);
    await POSTGRES.open(context, { ...options, secret: SECRET });
    const refusals = [
      [{ secret: 'ff'.repeat(32) }, /^PLUMB_SECRET is not the secret that the keys in the database were hashed with/],
      [{ secret: 'ff' }, /^PLUMB_SECRET must hold 64 hex digits/],
      [{ dataDir: await temporaryFolder(context) }, /secret is missing.*another server.*PLUMB_SECRET/],
    ] as const;
    for (const [changes, message] of refusals) {
      await assert.rejects(openStore({ ...options, ...changes }), (error: unknown) => {
        assert.ok(error instanceof StoreError && error.code === 'secret', String(error));
        assert.match(error.message, message);
        return true;
      });
    }
  });

  test('is that of one when two with folders of their own start on an empty database at the same moment', async (context) => {
    const options = await POSTGRES.options(context);
    const folders = [options.dataDir, await temporaryFolder(context)];
    const openings = await Promise.allSettled(folders.map((dataDir) => openStore({ ...options, dataDir })));
    const opened = openings.filter((opening) => opening.status === 'fulfilled');
    const refused = openings.filter((opening) => opening.status === 'rejected');
    for (const { value } of opened) await value.close();
    assert.equal(opened.length, 1);
    assert.ok(refused[0]?.reason instanceof StoreError && refused[0].reason.code === 'secret');
  });
});
