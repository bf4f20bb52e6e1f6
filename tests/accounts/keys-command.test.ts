import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runProgram } from '../store/helpers/programs.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';

const keys = (args: string[], options?: Parameters<typeof runProgram>[2]) =>
  runProgram('keys-program.js', ['keys', ...args], options);

describe('plumb keys create', () => {
  test('prints the key alone on stdout, and on stderr that it is shown once', async (context) => {
    const dataDir = await temporaryFolder(context);
    const { code, stdout, stderr } = await keys(['create', '--data-dir', dataDir]);
    assert.equal(code, 0);
    assert.match(stdout, /^sk-[0-9A-Za-z]{40}\n$/);
    assert.match(stderr, /^Key key_[0-9A-Za-z]{16} of account default\. .*not shown again/);
  });

  test('prints one object with --json and nothing on stderr', async (context) => {
    const dataDir = await temporaryFolder(context);
    const before = Date.now();
    const { stdout, stderr } = await keys([
      'create',
      '--account',
      'team',
      '--name',
      'ci',
      '--data-dir',
      dataDir,
      '--json',
    ]);
    const { key, id, account_id, created_at, ...rest } = JSON.parse(stdout) as Record<string, unknown>;
    assert.match(String(key), /^sk-/);
    assert.match(String(id), /^key_/);
    assert.match(String(account_id), /^acct_/);
    assert.ok(Date.parse(String(created_at)) >= before && Date.parse(String(created_at)) <= Date.now());
    const lastFour = String(key).slice(-4);
    assert.deepEqual(rest, {
      account: 'team',
      name: 'ci',
      last_four: lastFour,
      state: 'active',
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
      requests_per_minute: null,
      tokens_per_minute: null,
      concurrent_requests: null,
      models: null,
    });
    assert.equal(stderr, '');
  });

  test('keeps no key in plain text in the data folder', async (context) => {
    const dataDir = await temporaryFolder(context);
    const { stdout } = await keys(['create', '--data-dir', dataDir]);
    const secretPart = stdout.trim().slice(3, -4);
    for (const name of await readdir(dataDir)) {
      assert.ok(!(await readFile(join(dataDir, name), 'latin1')).includes(secretPart), name);
    }
  });

  test('finds the data folder by PLUMB_DATA_DIR, else as .plumb in the current folder', async (context) => {
    const cwd = await temporaryFolder(context);
    await keys(['create'], { cwd });
    await keys(['create'], { cwd, environment: { PLUMB_DATA_DIR: 'elsewhere' } });
    assert.deepEqual((await readdir(cwd)).sort(), ['.plumb', 'elsewhere']);
  });

  test('refuses a name that cannot be one', async (context) => {
    const dataDir = await temporaryFolder(context);
    const { code, stderr } = await keys(['create', '--account', ' ', '--data-dir', dataDir]);
    assert.deepEqual([code, stderr], [1, 'The name of the account is empty.\n']);
  });
});

describe('plumb keys list', () => {
  test('shows last four characters, account, name and state, and never a key', async (context) => {
    const dataDir = await temporaryFolder(context);
    const first = JSON.parse((await keys(['create', '--name', 'one', '--data-dir', dataDir, '--json'])).stdout);
    const second = JSON.parse((await keys(['create', '--name', 'two', '--data-dir', dataDir, '--json'])).stdout);
    await keys(['revoke', first.id, '--data-dir', dataDir]);
    const { stdout } = await keys(['list', '--data-dir', dataDir]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines[0], ['ID', 'KEY', 'ACCOUNT', 'NAME', 'CREATED', 'LAST USED', 'STATE']);
    const rows = new Map(lines.slice(1).map((line) => [line[0], line]));
    assert.deepEqual([rows.get(first.id)?.[1], rows.get(first.id)?.at(-1)], [`sk-…${first.key.slice(-4)}`, 'revoked']);
    assert.deepEqual(
      [rows.get(second.id)?.[3], rows.get(second.id)?.at(-2), rows.get(second.id)?.at(-1)],
      ['two', 'never', 'active'],
    );
    assert.ok(!stdout.includes(first.key) && !stdout.includes(second.key));
  });

  test('prints one object with --json', async (context) => {
    const dataDir = await temporaryFolder(context);
    const { key, ...created } = JSON.parse((await keys(['create', '--data-dir', dataDir, '--json'])).stdout);
    const { stdout } = await keys(['list', '--data-dir', dataDir, '--json']);
    assert.deepEqual(JSON.parse(stdout), { data: [created], next: null });
    assert.ok(!stdout.includes(key));
  });

  test('refuses a folder that is no data folder, and makes nothing in it', async (context) => {
    const folder = await temporaryFolder(context);
    const { code, stderr } = await keys(['list', '--data-dir', join(folder, 'missing')]);
    assert.equal(code, 1);
    assert.match(stderr, /missing is no data folder of Plumb/);
    assert.deepEqual(await readdir(folder), []);
  });
});

describe('plumb keys revoke', () => {
  test('says which key it revoked', async (context) => {
    const dataDir = await temporaryFolder(context);
    const { id, key } = JSON.parse((await keys(['create', '--name', 'ci', '--data-dir', dataDir, '--json'])).stdout);
    const { code, stdout } = await keys(['revoke', id, '--data-dir', dataDir]);
    assert.deepEqual([code, stdout], [0, `Revoked ${id} (sk-…${key.slice(-4)}, ci) of account default.\n`]);
  });

  test('fails for a key that there is not', async (context) => {
    const dataDir = await temporaryFolder(context);
    await keys(['create', '--data-dir', dataDir]);
    const { code, stderr } = await keys(['revoke', 'key_nothing', '--data-dir', dataDir]);
    assert.equal(code, 1);
    assert.match(stderr, /There is no key key_nothing/);
  });
});
