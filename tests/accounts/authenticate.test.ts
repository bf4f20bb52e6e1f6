import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ApiError } from '@plumb/wire';
import { KeyHasher } from '#server/accounts/api-key.js';
import { Authenticator, CACHED_KEYS_MAX } from '#server/accounts/authenticate.js';
import { issueKey } from '#server/accounts/issue-key.js';
import type { KeyHolder, KeyLookup } from '#server/accounts/key-store.js';
import { openAccess } from '#server/store/open-access.js';
import { ManualClock } from '../store/helpers/manual-clock.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';

async function setUp(context: TestContext) {
  const dataDir = await temporaryFolder(context);
  const clock = new ManualClock();
  const access = await openAccess({ dataDir, clock });
  context.after(() => access.close());
  const lookups: string[] = [];
  const keys: KeyLookup = {
    revision: () => access.keys.revision(),
    recordUse: (uses) => access.keys.recordUse(uses),
    findKey(hash) {
      lookups.push(hash);
      return access.keys.findKey(hash);
    },
  };
  const errors: unknown[] = [];
  const authenticator = new Authenticator({ ...access, keys, onError: (error) => errors.push(error) });
  const issue = (expiresAt?: number) =>
    issueKey(access, { accountName: 'default', name: 'test', ...(expiresAt === undefined ? {} : { expiresAt }) });
  return { dataDir, clock, access, authenticator, issue, lookups, errors };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

async function refusalOf(
  authenticator: Authenticator,
  headers: Parameters<Authenticator['authenticate']>[0],
): Promise<string> {
  try {
    await authenticator.authenticate(headers);
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.status, 401);
    return error.message;
  }
  return assert.fail('the caller was let in');
}

describe('a caller with a good key', () => {
  test('is told with account and key', async (context) => {
    const { authenticator, issue } = await setUp(context);
    const { key, account, apiKey } = await issue();
    assert.deepEqual(await authenticator.authenticate(bearer(key)), { account, key: apiKey });
    assert.deepEqual(await authenticator.authenticate({ 'x-api-key': key }), { account, key: apiKey });
  });

  test('is told at once, without asking the store, from the second request on', async (context) => {
    const { authenticator, issue, lookups } = await setUp(context);
    const { key } = await issue();
    const first = authenticator.authenticate(bearer(key));
    assert.ok(first instanceof Promise);
    const second = (await first) && authenticator.authenticate(bearer(key));
    assert.ok(!(second instanceof Promise));
    assert.equal(lookups.length, 1);
  });

  test('is still told at once after keys were used and their last use was written', async (context) => {
    const { authenticator, issue, lookups } = await setUp(context);
    const { key } = await issue();
    await authenticator.authenticate(bearer(key));
    await authenticator.flush();
    assert.ok(!(authenticator.authenticate(bearer(key)) instanceof Promise));
    assert.equal(lookups.length, 1);
  });
});

describe('a caller without a key', () => {
  test('is refused with the text for missing credentials', async (context) => {
    const { authenticator } = await setUp(context);
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Bearer ' },
      { authorization: 'Basic YTpi' },
      { 'x-api-key': '' },
    ]) {
      assert.equal(await refusalOf(authenticator, headers), 'Authentication Fails (governor)');
    }
  });
});

describe('a caller with a wrong key', () => {
  test('is refused with the last four characters of the key', async (context) => {
    const { authenticator } = await setUp(context);
    assert.equal(
      await refusalOf(authenticator, bearer('sk-00000000000000000000000000000000')),
      'Authentication Fails, Your api key: ****0000 is invalid',
    );
  });

  test('is never shown more than half of what was sent', async (context) => {
    const { authenticator } = await setUp(context);
    const shown = {
      a: '',
      ab: 'b',
      abc: 'c',
      abcdef: 'def',
      abcdefg: 'efg',
      abcdefgh: 'efgh',
      [`${'x'.repeat(5000)}tail`]: 'tail',
    };
    for (const [key, end] of Object.entries(shown)) {
      assert.equal(
        await refusalOf(authenticator, bearer(key)),
        `Authentication Fails, Your api key: ****${end} is invalid`,
      );
    }
  });

  test('is shown printable characters only', async (context) => {
    const { authenticator } = await setUp(context);
    assert.equal(
      await refusalOf(authenticator, bearer('sk-0000000a\u{9b}\té')),
      'Authentication Fails, Your api key: ****a??? is invalid',
    );
  });

  test('is refused although the key differs from a good one in letter case alone', async (context) => {
    const { authenticator, issue } = await setUp(context);
    const { key } = await issue();
    const swapped = key.replace(/[a-z]/g, (letter) => letter.toUpperCase());
    assert.match(await refusalOf(authenticator, bearer(swapped)), /is invalid$/);
  });

  test('is not remembered, so that invented keys fill no memory', async (context) => {
    const { authenticator, lookups } = await setUp(context);
    for (let round = 0; round < 3; round++) await refusalOf(authenticator, bearer('sk-invented-0000'));
    assert.equal(lookups.length, 3);
  });

  test('is refused without being looked up when the text is too long for a key', async (context) => {
    const { authenticator, lookups } = await setUp(context);
    await refusalOf(authenticator, bearer('x'.repeat(257)));
    assert.equal(lookups.length, 0);
  });
});

describe('a key', () => {
  test('that is revoked is refused from the next request on', async (context) => {
    const { authenticator, access, issue } = await setUp(context);
    const { key, apiKey } = await issue();
    await authenticator.authenticate(bearer(key));
    await access.keys.revokeKey(apiKey.id, 1);
    assert.equal(
      await refusalOf(authenticator, bearer(key)),
      `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`,
    );
  });

  test('that is revoked through another connection is refused from the next request on', async (context) => {
    const { authenticator, clock, dataDir, issue } = await setUp(context);
    const { key, apiKey } = await issue();
    await authenticator.authenticate(bearer(key));
    const other = await openAccess({ dataDir, clock });
    await other.keys.revokeKey(apiKey.id, 1);
    await other.close();
    assert.match(await refusalOf(authenticator, bearer(key)), /is invalid$/);
  });

  test('that expires is refused from that millisecond on', async (context) => {
    const { authenticator, clock, issue } = await setUp(context);
    const { key } = await issue(clock.now() + 1000);
    await authenticator.authenticate(bearer(key));
    clock.advance(999);
    await authenticator.authenticate(bearer(key));
    clock.advance(1);
    assert.match(await refusalOf(authenticator, bearer(key)), /is invalid$/);
  });

  test('that is revoked while the store is asked is not remembered as good', async () => {
    let revision = 1;
    let answer: (holder: KeyHolder) => void = () => assert.fail('the store was not asked');
    const holder = holderOf('a');
    const keys: KeyLookup = {
      revision: () => revision,
      recordUse: async () => {},
      findKey: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const authenticator = new Authenticator({
      keys,
      hasher: new KeyHasher(Buffer.alloc(32)),
      clock: new ManualClock(),
      onError: assert.ifError,
    });
    const overtaken = authenticator.authenticate(bearer('sk-aaaaaaaa')) as Promise<unknown>;
    const answerOvertaken = answer;
    revision = 2;
    const current = authenticator.authenticate(bearer('sk-aaaaaaaa')) as Promise<unknown>;
    answer({ ...holder, key: { ...holder.key, revokedAt: 1 } });
    answerOvertaken(holder);
    await overtaken;
    await assert.rejects(current);
    const next = authenticator.authenticate(bearer('sk-aaaaaaaa'));
    assert.ok(next instanceof Promise);
    answer({ ...holder, key: { ...holder.key, revokedAt: 1 } });
    await assert.rejects(next);
  });
});

describe('the memory of an authenticator', () => {
  test('holds a bounded number of keys and forgets the oldest', async () => {
    let lookups = 0;
    const keys: KeyLookup = {
      revision: () => 1,
      recordUse: async () => {},
      findKey: async (hash) => {
        lookups++;
        return holderOf(hash);
      },
    };
    const authenticator = new Authenticator({
      keys,
      hasher: new KeyHasher(Buffer.alloc(32)),
      clock: new ManualClock(),
      onError: assert.ifError,
    });
    for (let index = 0; index <= CACHED_KEYS_MAX; index++) await authenticator.authenticate(bearer(`sk-${index}`));
    assert.equal(lookups, CACHED_KEYS_MAX + 1);
    assert.ok(!(authenticator.authenticate(bearer(`sk-${CACHED_KEYS_MAX}`)) instanceof Promise));
    assert.ok(!(authenticator.authenticate(bearer('sk-1')) instanceof Promise));
    assert.ok(authenticator.authenticate(bearer('sk-0')) instanceof Promise);
    await authenticator.flush();
  });
});

describe('the last use of a key', () => {
  test('is written once a minute and not before it is flushed', async (context) => {
    const { authenticator, access, clock, issue } = await setUp(context);
    const { key } = await issue();
    const lastUse = async () => (await access.keys.listKeys())[0]?.key.lastUsedAt;
    const start = clock.now();
    await authenticator.authenticate(bearer(key));
    assert.equal(await lastUse(), undefined);
    await authenticator.flush();
    assert.equal(await lastUse(), start);
    clock.advance(59_999);
    await authenticator.authenticate(bearer(key));
    await authenticator.flush();
    assert.equal(await lastUse(), start);
    clock.advance(1);
    await authenticator.authenticate(bearer(key));
    await authenticator.flush();
    assert.equal(await lastUse(), start + 60_000);
  });

  test('that cannot be written is reported, and the caller is let in all the same', async () => {
    const errors: unknown[] = [];
    const failure = new Error('disk full');
    const keys: KeyLookup = {
      revision: () => 1,
      recordUse: () => Promise.reject(failure),
      findKey: async (hash) => holderOf(hash),
    };
    const onError = (error: unknown) => errors.push(error);
    const authenticator = new Authenticator({
      keys,
      hasher: new KeyHasher(Buffer.alloc(32)),
      clock: new ManualClock(),
      onError,
    });
    await authenticator.authenticate(bearer('sk-aaaaaaaa'));
    await authenticator.flush();
    assert.deepEqual(errors, [failure]);
  });
});

function holderOf(id: string): KeyHolder {
  const account = { id: 'account', name: 'default', createdAt: 1 };
  return { account, key: { id, accountId: account.id, name: 'key', lastFour: 'abcd', createdAt: 1 } };
}
