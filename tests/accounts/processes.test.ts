import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ApiError } from '@plumb/wire';
import { Authenticator } from '#server/accounts/authenticate.js';
import { ensureFirstKey } from '#server/accounts/bootstrap.js';
import { systemClock } from '#server/observe/clock.js';
import { openAccess } from '#server/store/open-access.js';
import { runProgram } from '../store/helpers/programs.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Long enough for a process to have loaded its modules on a busy machine. */
const START_DELAY_MS = 1500;

describe('the first key of a data folder', () => {
  test('is made once; later starts make none', async (context) => {
    const dataDir = await temporaryFolder(context);
    const keys = [];
    for (let start = 0; start < 3; start++) {
      const access = await openAccess({ dataDir, clock: systemClock });
      keys.push((await ensureFirstKey(access))?.key);
      await access.close();
    }
    assert.match(keys[0] ?? '', /^sk-/);
    assert.deepEqual(keys.slice(1), [undefined, undefined]);
  });

  test('is made by exactly one of four processes that start in an empty folder at the same moment', async (context) => {
    const dataDir = join(await temporaryFolder(context), 'data');
    const startAt = String(Date.now() + START_DELAY_MS);
    const runs = Array.from({ length: 4 }, () => runProgram('first-key-program.js', [dataDir, startAt]));
    const results = await Promise.all(runs);
    for (const { code, stderr } of results) assert.deepEqual([code, stderr], [0, '']);
    const keys = results.map(({ stdout }) => stdout.trim()).filter((key) => key !== '');
    assert.equal(keys.length, 1);
    const access = await openAccess({ dataDir, clock: systemClock });
    context.after(() => access.close());
    const holders = await access.keys.listKeys();
    assert.deepEqual(
      holders.map(({ account, key }) => [account.name, key.name]),
      [['default', 'first']],
    );
    const authenticator = new Authenticator({ ...access, onError: assert.ifError });
    assert.equal((await authenticator.authenticate(bearer(keys[0]!))).key.id, holders[0]?.key.id);
    await authenticator.flush();
  });
});

describe('a process that serves while another one manages keys', () => {
  test('sees a created key and its revocation with the next request', async (context) => {
    const dataDir = await temporaryFolder(context);
    const access = await openAccess({ dataDir, clock: systemClock });
    context.after(() => access.close());
    const authenticator = new Authenticator({ ...access, onError: assert.ifError });
    const created = await runProgram('keys-program.js', ['keys', 'create', '--data-dir', dataDir, '--json']);
    const { key, id } = JSON.parse(created.stdout) as { key: string; id: string };
    assert.equal((await authenticator.authenticate(bearer(key))).key.id, id);
    assert.ok(!(authenticator.authenticate(bearer(key)) instanceof Promise));
    const revoked = await runProgram('keys-program.js', ['keys', 'revoke', id, '--data-dir', dataDir]);
    assert.equal(revoked.code, 0);
    await assert.rejects(
      async () => authenticator.authenticate(bearer(key)),
      (error: unknown) => error instanceof ApiError && error.status === 401,
    );
    await authenticator.flush();
  });

  test('and several that create keys at once lose none', async (context) => {
    const dataDir = await temporaryFolder(context);
    const access = await openAccess({ dataDir, clock: systemClock });
    context.after(() => access.close());
    const names = ['a', 'b', 'c', 'd'];
    const create = (name: string) =>
      runProgram('keys-program.js', ['keys', 'create', '--name', name, '--account', 'team', '--data-dir', dataDir]);
    const results = await Promise.all(names.map(create));
    for (const { code } of results) assert.equal(code, 0);
    const holders = await access.keys.listKeys();
    assert.deepEqual(holders.map(({ key }) => key.name).sort(), names);
    assert.equal(new Set(holders.map(({ account }) => account.id)).size, 1);
  });
});
