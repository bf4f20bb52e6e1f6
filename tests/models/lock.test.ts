/** One process at a time, and none blocked by one that died. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GONE_AFTER_MS, MAX_LOCK_WAIT_MS, STALE_AFTER_MS, withLock } from '#server/models/lock.js';
import { createContext, createPace, createTestFolder, failsWith, ManualClock, noticesOf } from './support/fixtures.js';

/** The id of a process that has ended. */
function endedProcess(): number {
  return spawnSync(process.execPath, ['--eval', '']).pid;
}

async function neverRuns(): Promise<void> {
  assert.fail('the work was done without the lock');
}

async function leaveLock(path: string, pid: number, host: string, ageMs: number, clock: ManualClock): Promise<void> {
  await writeFile(path, JSON.stringify({ token: 'theirs', pid, host }));
  const time = (clock.now() - ageMs) / 1000;
  await utimes(path, time, time);
}

describe('the lock of a model', () => {
  test('is there while the work is done, and gone afterwards, even when the work fails', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const work = async () => {
      const holder = JSON.parse(await readFile(path, 'utf8')) as {
        pid: number;
      };
      assert.equal(holder.pid, process.pid);
      throw new Error('from the work');
    };
    await assert.rejects(withLock(path, createContext(), work), /from the work/);
    assert.deepEqual(await readdir(folder.path), []);
  });

  test('lets one in at a time, and tells the others whom they wait for', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const pace = createPace({
      wait: () => new Promise((resolve) => setImmediate(resolve)),
    });
    // New files bear the time of the machine, so this one lock is judged by the clock of the machine.
    const context = createContext({ pace, clock: { now: () => Date.now() } });
    let inside = 0;
    const work = async () => {
      inside += 1;
      assert.equal(inside, 1);
      await stat(path);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(path, context, work)));
    const said = `Process ${process.pid} on ${hostname()} is fetching this model. Waiting for it.`;
    assert.deepEqual(new Set(noticesOf(context.seen)), new Set([said]));
    assert.ok(noticesOf(context.seen).length <= 9, 'each says it once');
  });

  test('of a process that is gone is taken over as soon as its heartbeat is missed', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const clock = new ManualClock();
    await leaveLock(path, endedProcess(), hostname(), 0, clock);
    const waits: number[] = [];
    const wait = async (durationMs: number) => {
      waits.push(durationMs);
      clock.advance(durationMs);
    };
    await withLock(path, createContext({ clock, pace: createPace({ wait }) }), async () => undefined);
    assert.equal(
      waits.reduce((sum, durationMs) => sum + durationMs, 0),
      GONE_AFTER_MS,
    );
    assert.deepEqual(await readdir(folder.path), []);
  });

  test('of another machine, of a process number in use, or without an entry is taken over when it is stale', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const clock = new ManualClock();
    for (const [pid, host] of [
      [1, 'another-machine'],
      [process.pid, hostname()],
      [0, ''],
    ] as const) {
      await leaveLock(path, pid, host, STALE_AFTER_MS, clock);
      if (pid === 0) {
        await writeFile(path, '');
        await utimes(path, 0, 0);
      }
      let hasRun = false;
      await withLock(path, createContext({ clock }), async () => {
        hasRun = true;
      });
      assert.ok(hasRun);
    }
  });

  test('that is kept fresh is not taken, and the wait for it ends', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const clock = new ManualClock();
    const wait = async () => {
      clock.advance(MAX_LOCK_WAIT_MS / 4);
      const time = clock.now() / 1000;
      await utimes(path, time, time);
    };
    await leaveLock(path, 1, 'another-machine', 0, clock);
    const context = createContext({ clock, pace: createPace({ wait }) });
    await assert.rejects(withLock(path, context, neverRuns), failsWith('busy', /too long.*lock/));
    assert.match(await readFile(path, 'utf8'), /theirs/);
  });

  test('is not waited for once the signal is aborted', async () => {
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const clock = new ManualClock();
    await leaveLock(path, 1, 'another-machine', 0, clock);
    const controller = new AbortController();
    const wait = async () => controller.abort(new Error('enough'));
    const context = createContext({
      clock,
      pace: createPace({ wait }),
      signal: controller.signal,
    });
    await assert.rejects(withLock(path, context, neverRuns), /enough/);
  });

  test('stops the work when another process took it over, and leaves it to that process', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    await using folder = await createTestFolder();
    const path = join(folder.path, 'lock');
    const work = async (signal: AbortSignal) => {
      await leaveLock(path, 1, 'another-machine', 0, new ManualClock());
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      t.mock.timers.tick(60_000);
      await aborted;
      signal.throwIfAborted();
    };
    await assert.rejects(withLock(path, createContext(), work), failsWith('busy', /took over/));
    assert.match(await readFile(path, 'utf8'), /theirs/);
  });
});
