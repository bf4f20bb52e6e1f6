/** What becomes of what a server has written down, while it lives and when it is gone. */
import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { LedgerOperation, OperationResult } from '#server/ledger/ledger-store.js';
import { packSettlement } from '#server/ledger/pack-settlement.js';
import { JournalFolder, type Recovery } from '#server/store/journal/journal-folder.js';
import { StoreError } from '#server/store/store-error.js';
import { usage } from '../../ledger/support/books.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const settlement = (requestId: string): string =>
  packSettlement({ kind: 'settle', requestId, accountId: 'account', at: 1, usage: usage(requestId, 'account', 5n) });

/** A store that notes what it is given, and may refuse. */
class NotingStore {
  readonly applied: string[] = [];
  refusal: ((operations: readonly LedgerOperation[]) => Error | undefined) | undefined;

  async apply(operations: readonly LedgerOperation[]): Promise<OperationResult[]> {
    const error = this.refusal?.(operations);
    if (error !== undefined) throw error;
    this.applied.push(...operations.map(({ requestId }) => requestId));
    return operations.map(() => 'done');
  }
}

/** When everything is in the files that was written in this turn of the event loop. */
const written = () => new Promise((resolve) => setImmediate(resolve));

async function start(context: TestContext) {
  const path = join(await temporaryFolder(context), 'journal');
  const recoveries: Recovery[] = [];
  const folder = new JournalFolder(path, (recovery) => recoveries.push(recovery));
  const errors: unknown[] = [];
  const journal = folder.open('dead', (error) => errors.push(error));
  const store = new NotingStore();
  const files = async () => (await readdir(path).catch(() => [])).sort();
  const recover = () => folder.recover(store, (serverId) => serverId === 'dead');
  return { path, folder, journal, store, recoveries, errors, files, recover };
}

describe('a journal', () => {
  test('is made with the first settlement, readable by its owner alone', async (context) => {
    const { path, journal, files } = await start(context);
    assert.deepEqual(await files(), []);
    assert.equal(await journal.write(settlement('1')).isWritten, true);
    assert.deepEqual(await files(), ['dead.000000.journal']);
    assert.equal((await stat(path)).mode & 0o777, 0o700);
    assert.equal((await stat(join(path, 'dead.000000.journal'))).mode & 0o777, 0o600);
    assert.match(await readFile(join(path, 'dead.000000.journal'), 'utf8'), /^1 [0-9a-f]{8} \["1",.*\]\n$/);
  });

  test('leaves nothing when the store has everything, and what it has not otherwise', async (context) => {
    const { folder, files } = await start(context);
    const [whole, partly] = ['whole', 'partly'].map((serverId) => folder.open(serverId, () => {}));
    const written = [whole?.write(settlement('1')), whole?.write(settlement('2')), partly?.write(settlement('3'))];
    written[0]?.forget();
    await written[1]?.isWritten;
    written[1]?.forget();
    whole?.close();
    partly?.close();
    assert.deepEqual(await files(), ['partly.000000.journal']);
    assert.equal(await whole?.write(settlement('4')).isWritten, false, 'nothing is written after its end');
  });

  test('goes on in another file when one is full, and the first goes when the store has it', async (context) => {
    const { journal, files } = await start(context);
    const written = [];
    while ((await files()).length < 2) {
      for (let count = 0; count < 1000; count++) written.push(journal.write(settlement('x'.repeat(1000))));
      await written.at(-1)?.isWritten;
    }
    assert.deepEqual(await files(), ['dead.000000.journal', 'dead.000001.journal']);
    for (const each of written) each.forget();
    assert.deepEqual(await files(), ['dead.000001.journal']);
  });

  test('that cannot be written says so once, and is written again as soon as it can be', async (context) => {
    const folder = await temporaryFolder(context);
    const path = join(folder, 'file');
    await writeFile(path, '');
    const errors: unknown[] = [];
    const journal = new JournalFolder(path).open('dead', (error) => errors.push(error));
    assert.equal(await journal.write(settlement('1')).isWritten, false);
    assert.equal(await journal.write(settlement('2')).isWritten, false);
    assert.equal(errors.length, 1);
    journal.close();
  });
});

describe('the journal of a server that is gone', () => {
  test('goes into the store in its order, and is removed', async (context) => {
    const { journal, store, recover, recoveries, files } = await start(context);
    const ids = Array.from({ length: 600 }, (_, index) => String(index));
    for (const id of ids) journal.write(settlement(id));
    await written();
    await recover();
    assert.deepEqual(store.applied, ids);
    assert.deepEqual(recoveries, [{ serverId: 'dead', settled: 600, refused: 0, damagedFile: undefined }]);
    assert.deepEqual(await files(), []);
    await recover();
    assert.equal(store.applied.length, 600);
  });

  test('is that server’s alone: what one that lives has written stays', async (context) => {
    const { folder, journal, store, recover, files } = await start(context);
    folder.open('living', () => {}).write(settlement('1'));
    journal.write(settlement('2'));
    await written();
    await recover();
    assert.deepEqual(store.applied, ['2']);
    assert.deepEqual(await files(), ['living.000000.journal']);
  });

  test('may end in the middle of a line: its answer was not complete', async (context) => {
    const { path, journal, store, recover, files } = await start(context);
    journal.write(settlement('1'));
    await written();
    await appendFile(join(path, 'dead.000000.journal'), '1 01234567 ["2","acc');
    await recover();
    assert.deepEqual(store.applied, ['1']);
    assert.deepEqual(await files(), []);
  });

  test('is kept when a line in it cannot be read, and the others are charged', async (context) => {
    const { path, journal, store, recover, recoveries, files } = await start(context);
    journal.write(settlement('1'));
    await written();
    await appendFile(join(path, 'dead.000000.journal'), `${'\0'.repeat(40)}\n`);
    journal.write(settlement('2'));
    await written();
    await recover();
    assert.deepEqual(store.applied, ['1', '2']);
    assert.deepEqual(await files(), ['dead.000000.journal.damaged']);
    assert.equal(recoveries[0]?.damagedFile, join(path, 'dead.000000.journal.damaged'));
    await recover();
    assert.equal(store.applied.length, 2, 'it is not read again');
  });

  test('stays while the store fails', async (context) => {
    const { journal, store, recover, files } = await start(context);
    journal.write(settlement('1'));
    await written();
    store.refusal = () => new StoreError('unavailable', 'The database is away.');
    await assert.rejects(recover(), StoreError);
    assert.deepEqual(await files(), ['dead.000000.journal']);
    store.refusal = undefined;
    await recover();
    assert.deepEqual(store.applied, ['1']);
  });

  test('does not lose its others for one that the store never takes', async (context) => {
    const { journal, store, recover, recoveries } = await start(context);
    for (const id of ['1', '2', '3']) journal.write(settlement(id));
    await written();
    store.refusal = (operations) =>
      operations.some(({ requestId }) => requestId === '2') ? new Error('There is no such account.') : undefined;
    await recover();
    assert.deepEqual(store.applied, ['1', '3']);
    assert.deepEqual(recoveries, [{ serverId: 'dead', settled: 2, refused: 1, damagedFile: undefined }]);
  });
});
