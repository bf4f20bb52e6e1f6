/** Specifies the journal in files: whole lines, each result once, whatever the crash, the disk or another runner does. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { readBatchLine } from '#client/batch/batch-line.js';
import type { ResultFile, Verdict } from '#client/batch/journal.js';
import { readOutputLine, renderOutputLine } from '#client/batch/output-line.js';
import { runBatch } from '#client/batch/run-batch.js';
import { type AppendedFile, openAppended } from '#client/node/batch-file.js';
import { batchPaths, openFileJournal } from '#client/node/batch-journal.js';
import { isBatchLocked, lockBatch } from '#client/node/batch-lock.js';
import { answerWith, makeLines, PlayedEndpoint, refuseWith } from './played-endpoint.js';

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'plumb-batch-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const keepAll = (): Verdict => 'keep';

function resultLine(name: string): string {
  const request = readBatchLine({ custom_id: name, body: { model: 'm' } }, 1);
  assert.ok(typeof request !== 'string');
  return renderOutputLine(request, { status: 200, requestId: '', bodyText: `"${'x'.repeat(20)}é"`, error: undefined });
}

async function idsOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => readOutputLine(line)?.customId ?? assert.fail(`No result: ${line}`));
}

/** Reads what a journal finds at its start. */
async function reopen(output: string): Promise<string[]> {
  const journal = await openFileJournal(output);
  const found: string[] = [];
  await journal.restore((_, line) => {
    found.push(readOutputLine(line)?.customId ?? '?');
    return 'keep';
  });
  await journal.close();
  return found;
}

test('the files of an output are named after it', () => {
  assert.deepEqual(batchPaths('a/out.jsonl'), {
    results: 'a/out.jsonl',
    errors: 'a/out.errors.jsonl',
    manifest: 'a/out.manifest.json',
  });
  assert.equal(batchPaths('a.b/out').errors, 'a.b/out.errors.jsonl');
});

test('what was appended is found by the next run, which has the same name', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  const first = await openFileJournal(output);
  await first.restore(keepAll);
  await Promise.all([first.append('results', resultLine('a')), first.append('errors', resultLine('b'))]);
  await first.close();
  const second = await openFileJournal(output);
  const found: [ResultFile, string | undefined][] = [];
  await second.restore((file, line) => {
    found.push([file, readOutputLine(line)?.customId]);
    return 'keep';
  });
  await second.close();
  assert.equal(second.runId, first.runId);
  assert.deepEqual(found, [
    ['results', 'a'],
    ['errors', 'b'],
  ]);
});

test('a last line that was cut at any byte is taken away, and the others stay', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  await (await openFileJournal(output)).close();
  const whole = resultLine('a') + resultLine('b');
  const last = Buffer.from(resultLine('c'));
  for (let bytes = 0; bytes < last.length; bytes += 1) {
    await writeFile(output, Buffer.concat([Buffer.from(whole), last.subarray(0, bytes)]));
    assert.deepEqual(await reopen(output), ['a', 'b']);
    assert.equal(await readFile(output, 'utf8'), whole);
  }
});

test('bytes that a crash of the machine left unwritten at the end are taken away', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  await (await openFileJournal(output)).close();
  await writeFile(output, `${resultLine('a')}${'\0'.repeat(50)}\n\0\0\0`);
  const journal = await openFileJournal(output);
  await journal.restore((_, line) => (readOutputLine(line) === undefined ? 'unreadable' : 'keep'));
  await journal.close();
  assert.deepEqual(await idsOf(output), ['a']);
});

test('a line in the middle that is none of results is named, and nothing is changed', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  await (await openFileJournal(output)).close();
  const text = `${resultLine('a')}edited\n${resultLine('b')}`;
  await writeFile(output, text);
  const journal = await openFileJournal(output);
  const visit = (_: ResultFile, line: string) => (readOutputLine(line) === undefined ? 'unreadable' : 'drop');
  await assert.rejects(journal.restore(visit), /Line 2 of .*out\.jsonl/);
  await journal.close();
  assert.equal(await readFile(output, 'utf8'), text);
});

test('a file that is not of a batch is not touched', async (context) => {
  const output = join(await folder(context), 'notes.jsonl');
  await writeFile(output, 'precious');
  await assert.rejects(openFileJournal(output), /is not of a batch/);
  assert.equal(await readFile(output, 'utf8'), 'precious');
  assert.equal(await isBatchLocked(output), false);
});

test('lines that are dropped are gone, in one step', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  const first = await openFileJournal(output);
  await first.restore(keepAll);
  for (const name of ['a', 'b', 'c', 'd']) await first.append('errors', resultLine(name));
  await first.close();
  const second = await openFileJournal(output);
  await second.restore((_, line) => (['b', 'd'].includes(readOutputLine(line)?.customId ?? '') ? 'drop' : 'keep'));
  await second.append('errors', resultLine('e'));
  await second.close();
  assert.deepEqual(await idsOf(second.paths.errors), ['a', 'c', 'e']);
});

test('whatever is dropped from however many lines, the others are there in their order', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  await (await openFileJournal(output)).close();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (drops) => {
      await writeFile(output, drops.map((_, index) => resultLine(`n${index}`)).join(''));
      const journal = await openFileJournal(output);
      let at = 0;
      await journal.restore(() => (drops[at++] ? 'drop' : 'keep'));
      await journal.close();
      const kept = drops.flatMap((isDropped, index) => (isDropped ? [] : [`n${index}`]));
      assert.deepEqual(await idsOf(output), kept);
    }),
    { numRuns: 40 },
  );
});

test('lines that come while a write is under way are written together', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  let writes = 0;
  let syncs = 0;
  const open = async (path: string): Promise<AppendedFile> => {
    const file = await openAppended(path);
    return {
      write: (bytes) => {
        writes += 1;
        return file.write(bytes);
      },
      datasync: () => {
        syncs += 1;
        return file.datasync();
      },
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  };
  const journal = await openFileJournal(output, { open });
  await journal.restore(keepAll);
  await Promise.all(Array.from({ length: 1000 }, (_, index) => journal.append('results', resultLine(`n${index}`))));
  await journal.close();
  assert.equal((await idsOf(output)).length, 1000);
  assert.ok(writes <= 2 && syncs <= 2, `${writes} writes, ${syncs} syncs`);
});

/** A disk that takes a number of bytes and then fails, or takes them one by one. */
function failingDisk(capacity: number, code: string, isSyncBroken = false) {
  return async (path: string): Promise<AppendedFile> => {
    const file = await openAppended(path);
    let left = path.includes('.errors.') ? Number.POSITIVE_INFINITY : capacity;
    return {
      write: async (bytes) => {
        if (left === 0) throw Object.assign(new Error(code), { code });
        const part = bytes.subarray(0, Math.min(left, isSyncBroken ? bytes.length : 7));
        left -= part.length;
        return file.write(part);
      },
      datasync: async () => {
        if (isSyncBroken && left < capacity / 2) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        await file.datasync();
      },
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  };
}

for (const [name, disk] of [
  ['is full', (capacity: number) => failingDisk(capacity, 'ENOSPC')],
  ['breaks while writing', (capacity: number) => failingDisk(capacity, 'EIO')],
  ['breaks while syncing', (capacity: number) => failingDisk(capacity, 'EIO', true)],
] as const) {
  test(`when the disk ${name}, what was kept is whole, and the next run goes on from there`, async (context) => {
    const lines = makeLines(40);
    for (const capacity of [0, 1, 500, 3000, 9000]) {
      const output = join(await folder(context), 'out.jsonl');
      const journal = await openFileJournal(output, { open: disk(capacity) });
      const seen: string[] = [];
      await assert.rejects(async () => {
        for await (const { customId } of runBatch({ lines, endpoint: new PlayedEndpoint(), journal, concurrency: 3 })) {
          seen.push(customId);
        }
      }, /could not be kept/);
      const kept = await idsOf(output);
      assert.deepEqual(
        seen.filter((customId) => !kept.includes(customId)),
        [],
      );
      const summary = await runBatch({ lines, endpoint: new PlayedEndpoint(), journal: await openFileJournal(output) });
      assert.equal(summary.resumed.succeeded + summary.succeeded, 40);
      assert.equal(new Set(await idsOf(output)).size, 40);
      assert.equal((await idsOf(output)).length, 40);
    }
  });
}

test('wherever a crash cuts the files, each line has one result in the end and none that was told is lost', async (context) => {
  const base = await folder(context);
  let round = 0;
  const script = fc.record({
    lines: fc.integer({ min: 1, max: 25 }),
    failing: fc.array(fc.nat(24)),
    cuts: fc.array(fc.record({ after: fc.nat(24), results: fc.nat(300), errors: fc.nat(300) }), { maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(script, async ({ lines: count, failing, cuts }) => {
      round += 1;
      const output = join(base, `out-${round}.jsonl`);
      const paths = batchPaths(output);
      const lines = makeLines(count);
      const told = new Set<string>();
      for (const cut of cuts) {
        const endpoint = new PlayedEndpoint(({ body }) =>
          failing.some((index) => JSON.stringify(body).includes(`"a${index}"`)) ? refuseWith(500) : answerWith(),
        );
        const journal = await openFileJournal(output);
        for await (const { customId, succeeded } of runBatch({ lines, endpoint, journal, limit: cut.after + 1 })) {
          if (succeeded) told.add(customId);
        }
        // The crash: a part of a line that was on its way is there, and nobody was told of it.
        await appendFile(paths.results, resultLine('lost').slice(0, cut.results % 150));
        await appendFile(paths.errors, resultLine('lost').slice(0, cut.errors % 150));
      }
      const journal = await openFileJournal(output);
      await runBatch({ lines, endpoint: new PlayedEndpoint(), journal });
      const [results, errors] = [await idsOf(paths.results), await idsOf(paths.errors)];
      assert.deepEqual(results.toSorted(), lines.map(({ custom_id }) => custom_id).toSorted());
      assert.deepEqual(errors, []);
      for (const customId of told) assert.ok(results.includes(customId));
    }),
    { numRuns: 40 },
  );
});

test('an answer and an earlier failure of the same line: the answer stays', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  const lines = makeLines(1);
  const failing = new PlayedEndpoint(() => refuseWith(422));
  await runBatch({ lines, endpoint: failing, journal: await openFileJournal(output) });
  const { results, errors } = batchPaths(output);
  await writeFile(results, (await readFile(errors, 'utf8')).replace('422', '200'));
  const summary = await runBatch({ lines, endpoint: failing, journal: await openFileJournal(output) });
  assert.deepEqual([summary.resumed.succeeded, summary.failed], [1, 0]);
  assert.equal(await readFile(errors, 'utf8'), '');
});

test('two runs never work on the same files', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  const first = await openFileJournal(output);
  await assert.rejects(openFileJournal(output), { code: 'invalid_input', message: /Another run \(process \d+\)/ });
  await first.close();
  await (await openFileJournal(output)).close();
});

test('of many that begin at the same moment at most one has the lock at a time', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  let holders = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, async () => {
      const lock = await lockBatch(output);
      holders += 1;
      most = Math.max(most, holders);
      await new Promise(setImmediate);
      holders -= 1;
      await lock.release();
    }),
  );
  assert.ok(most <= 1);
  assert.equal(outcomes.length, 20);
  assert.equal(await isBatchLocked(output), false);
});

test('the claim of a process that has died is passed over and removed', async (context) => {
  const path = await folder(context);
  const output = join(path, 'out.jsonl');
  const lock = await lockBatch(output);
  const [name = ''] = (await readdir(path)).filter((file) => file.includes('.lock.'));
  await lock.release();
  const [, processId = '', startTime = '', rest = ''] = /lock\.(\d+)\.(\d+)\.(.*)$/.exec(name) ?? [];
  const prefix = name.slice(0, name.indexOf(processId));
  // No process has this id; another process has the id by now; the machine was started again since.
  await writeFile(join(path, `${prefix}4194999.${startTime}.${rest}`), '');
  if (startTime !== '0') await writeFile(join(path, `${prefix}${processId}.1.${rest}`), '');
  if (startTime !== '0')
    await writeFile(join(path, `${prefix}${processId}.${startTime}.other${rest.slice(rest.indexOf('.'))}`), '');
  await (await lockBatch(output)).release();
  assert.deepEqual(await readdir(path), []);
});

test('the claim of another machine is left alone, and the message says what to do', async (context) => {
  const path = await folder(context);
  const output = join(path, 'out.jsonl');
  const claim = join(path, 'out.jsonl.lock.1.1.00000000.ffffffff.00000000');
  await writeFile(claim, '');
  await assert.rejects(lockBatch(output), /on another machine.*If that one has ended, delete .*ffffffff/);
  await unlink(claim);
});

test('a manifest of another form is refused', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  await writeFile(batchPaths(output).manifest, '{"format":2}');
  await assert.rejects(openFileJournal(output), /no manifest of a batch/);
});

test('a file whose end was lost before the last sync is gone on from', async (context) => {
  const output = join(await folder(context), 'out.jsonl');
  const lines = makeLines(10);
  await runBatch({ lines, endpoint: new PlayedEndpoint(), journal: await openFileJournal(output) });
  await truncate(output, 1200);
  const summary = await runBatch({ lines, endpoint: new PlayedEndpoint(), journal: await openFileJournal(output) });
  assert.ok(summary.succeeded > 0);
  assert.equal(new Set(await idsOf(output)).size, 10);
});
