import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { issueKey } from '#server/accounts/issue-key.js';
import { openAccess } from '#server/store/open-access.js';
import { openStore } from '#server/store/open-store.js';
import { StoreError, type StoreErrorCode } from '#server/store/store-error.js';
import { ManualClock } from './helpers/manual-clock.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const clock = new ManualClock();

async function filledFolder(context: TestContext, keyCount = 1): Promise<string> {
  const dataDir = join(await temporaryFolder(context), 'data');
  const access = await openAccess({ dataDir, clock });
  for (let index = 0; index < keyCount; index++)
    await issueKey(access, { accountName: 'default', name: `key ${index}` });
  await access.close();
  return dataDir;
}

async function assertRefused(opening: Promise<unknown>, code: StoreErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

describe('opening a store', () => {
  test('creates folder, database and secret for their owner alone', async (context) => {
    const dataDir = join(await temporaryFolder(context), 'deep', 'data');
    const store = await openStore({ dataDir, clock });
    const modes: Record<string, string> = {};
    for (const name of ['.', 'plumb.db', 'plumb.db-wal', 'plumb.db-shm', 'secret']) {
      modes[name] = ((await stat(join(dataDir, name))).mode & 0o777).toString(8);
    }
    await store.close();
    const file = '600';
    assert.deepEqual(modes, { '.': '700', 'plumb.db': file, 'plumb.db-wal': file, 'plumb.db-shm': file, secret: file });
  });

  test('leaves nothing beside the database and the secret once it is closed', async (context) => {
    assert.deepEqual((await readdir(await filledFolder(context))).sort(), ['plumb.db', 'secret']);
  });

  test('leaves the mode of a folder that was there already', async (context) => {
    const dataDir = await temporaryFolder(context);
    await chmod(dataDir, 0o755);
    await (await openStore({ dataDir, clock })).close();
    assert.equal((await stat(dataDir)).mode & 0o777, 0o755);
  });

  test('finds everything again at the second time, and changes nothing', async (context) => {
    const dataDir = await filledFolder(context, 2);
    const contentOf = async () => {
      const store = await openStore({ dataDir, clock });
      const content = { keys: await store.keys.listKeys(), secret: Buffer.from(store.secret).toString('hex') };
      await store.close();
      return content;
    };
    const first = await contentOf();
    assert.equal(first.keys.length, 2);
    assert.deepEqual(await contentOf(), first);
  });

  test('gives every folder a secret of its own', async (context) => {
    const [one, two] = [await filledFolder(context), await filledFolder(context)];
    const secrets = await Promise.all([one, two].map((folder) => readFile(join(folder, 'secret'), 'utf8')));
    assert.match(secrets[0]!, /^[0-9a-f]{64}\n$/);
    assert.notEqual(secrets[0], secrets[1]);
  });

  test('keeps a write-ahead journal', async (context) => {
    const dataDir = await filledFolder(context);
    const database = new DatabaseSync(join(dataDir, 'plumb.db'));
    assert.equal(database.prepare('pragma journal_mode').get()?.journal_mode, 'wal');
    database.close();
  });

  test('waits for another process that is just making the database', async (context) => {
    const dataDir = await temporaryFolder(context);
    const other = new DatabaseSync(join(dataDir, 'plumb.db'));
    other.exec('begin immediate');
    const opening = openStore({ dataDir, clock });
    setTimeout(() => other.close(), 50);
    await (await opening).close();
  });

  test('refuses a folder without a database when one must exist, and leaves it as it is', async (context) => {
    const dataDir = await temporaryFolder(context);
    await assertRefused(openStore({ dataDir, clock, mustExist: true }), 'missing', /is no data folder of Plumb/);
    assert.deepEqual(await readdir(dataDir), []);
  });
});

describe('a store that cannot be used', () => {
  test('because the database is no database is told with what to do', async (context) => {
    const dataDir = await filledFolder(context);
    await writeFile(join(dataDir, 'plumb.db'), 'This is a text and no database.\n'.repeat(200));
    await assertRefused(
      openStore({ dataDir, clock }),
      'damaged',
      /plumb\.db is damaged \(file is not a database\)\. Put a backup/,
    );
  });

  test('because the database is cut off is told with what to do', async (context) => {
    const dataDir = await filledFolder(context, 50);
    const path = join(dataDir, 'plumb.db');
    await truncate(path, (await stat(path)).size - 4096 * 2);
    await assertRefused(openStore({ dataDir, clock }), 'damaged', /plumb\.db is damaged/);
  });

  test('because pages of the database are overwritten is told when they are read', async (context) => {
    const dataDir = await filledFolder(context, 200);
    const path = join(dataDir, 'plumb.db');
    const bytes = await readFile(path);
    // The page that leads to all rows of the table; the schema stays whole.
    const database = new DatabaseSync(path);
    const root = database.prepare("select rootpage from sqlite_schema where name = 'api_keys'").get()?.rootpage;
    database.close();
    bytes.fill(0xa5, (Number(root) - 1) * 4096, Number(root) * 4096);
    await writeFile(path, bytes);
    const store = await openStore({ dataDir, clock });
    await assertRefused(store.keys.listKeys(), 'damaged', /plumb\.db is damaged/);
    await store.close();
  });

  test('because a newer version of the program wrote it is told so', async (context) => {
    const dataDir = await filledFolder(context);
    const database = new DatabaseSync(join(dataDir, 'plumb.db'));
    database.exec("insert into migrations values (9999, 'from-the-future', 1)");
    database.close();
    await assertRefused(
      openStore({ dataDir, clock }),
      'incompatible',
      /migration 9999 \(from-the-future\).*newer version of Plumb/,
    );
  });

  test('because the secret is lost is told, and no other one is made', async (context) => {
    const dataDir = await filledFolder(context);
    const secret = await readFile(join(dataDir, 'secret'));
    await rm(join(dataDir, 'secret'));
    await assertRefused(openStore({ dataDir, clock }), 'secret', /secret is missing/);
    assert.ok(!(await readdir(dataDir)).includes('secret'));
    await writeFile(join(dataDir, 'secret'), secret);
    await (await openStore({ dataDir, clock })).close();
  });

  test('because the secret is another one is told', async (context) => {
    const dataDir = await filledFolder(context);
    await writeFile(join(dataDir, 'secret'), `${'ab'.repeat(32)}\n`);
    await assertRefused(openStore({ dataDir, clock }), 'secret', /is not the secret that the keys/);
  });

  test('because the secret is no secret is told', async (context) => {
    for (const text of ['', 'ab'.repeat(31), 'xy'.repeat(32)]) {
      const dataDir = await filledFolder(context);
      await writeFile(join(dataDir, 'secret'), text);
      await assertRefused(openStore({ dataDir, clock }), 'secret', /must hold 64 hex digits/);
    }
  });

  test('because a file is in the place of the folder is told', async (context) => {
    const dataDir = join(await temporaryFolder(context), 'data');
    await writeFile(dataDir, '');
    await assertRefused(openStore({ dataDir, clock }), 'unavailable', /The data folder .* cannot be created: EEXIST/);
  });

  test('because a folder is in the place of the database is told', async (context) => {
    const dataDir = await temporaryFolder(context);
    await mkdir(join(dataDir, 'plumb.db'));
    await assertRefused(openStore({ dataDir, clock }), 'unavailable', /plumb\.db cannot be opened: EISDIR/);
  });
});

describe('a secret whose making was cut off', () => {
  test('is made anew when only a temporary file was left', async (context) => {
    const dataDir = await temporaryFolder(context);
    await writeFile(join(dataDir, 'secret.0123456789abcdef.tmp'), 'ab');
    const store = await openStore({ dataDir, clock });
    assert.equal(store.secret.length, 32);
    await store.close();
  });

  test('is taken as it is when the database had not heard of it', async (context) => {
    const dataDir = await temporaryFolder(context);
    await writeFile(join(dataDir, 'secret'), 'ab'.repeat(32));
    const store = await openStore({ dataDir, clock });
    assert.deepEqual([...store.secret], Array(32).fill(0xab));
    await store.close();
  });
});
