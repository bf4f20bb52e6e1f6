/** Holds do not outlive the server that made them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LedgerStore, ServerIdentity } from '#server/ledger/ledger-store.js';
import { LEASE_MS, RENEWAL_MS, ServerLease } from '#server/ledger/server-lease.js';
import { ManualTime } from '../limits/support/manual-time.js';

const HERE: ServerIdentity = { id: 'this', host: 'here', processId: 7 };

function start(others: readonly ServerIdentity[] = [], running: readonly number[] = [7]) {
  const time = new ManualTime();
  const calls: string[] = [];
  const gone: string[] = [];
  let isDown = false;
  const store = {
    async keepAlive({ id }: ServerIdentity, leaseUntil: number) {
      if (isDown) throw new Error('down');
      calls.push(`${id} lives for ${leaseUntil - time.now()} ms`);
    },
    async releaseOrphans(_now: number, isGone: (server: ServerIdentity) => boolean) {
      const found = others.filter(isGone).map(({ id }) => id);
      gone.push(...found);
      return found.length;
    },
    async removeServer(id: string) {
      calls.push(`${id} ended`);
    },
  };
  const released: number[] = [];
  const errors: unknown[] = [];
  const lease = new ServerLease({
    store: store as unknown as LedgerStore,
    server: HERE,
    clock: time,
    timers: time,
    isRunning: (processId) => running.includes(processId),
    onReleased: (holds) => released.push(holds),
    onError: (error) => errors.push(error),
  });
  const setDown = (down: boolean) => {
    isDown = down;
  };
  return { lease, time, calls, gone, released, errors, setDown };
}

describe('the lease of a server', () => {
  test('is renewed four times within its length, until the server ends', async () => {
    const { lease, time, calls } = start();
    await lease.begin();
    await time.pass(2 * RENEWAL_MS);
    await lease.end();
    await time.pass(LEASE_MS);
    const lives = `this lives for ${LEASE_MS} ms`;
    assert.deepEqual(calls, [lives, lives, lives, 'this ended']);
    assert.equal(LEASE_MS / RENEWAL_MS, 4);
  });

  test('goes on being renewed after a failure, of which it tells', async () => {
    const { lease, time, calls, errors, setDown } = start();
    await lease.begin();
    setDown(true);
    await time.pass(RENEWAL_MS);
    setDown(false);
    await time.pass(RENEWAL_MS);
    assert.deepEqual([calls.length, errors.length], [2, 1]);
  });
});

describe('a server is known to be gone', () => {
  const cases: [string, ServerIdentity, boolean][] = [
    ['when its process on this host is not running', { id: 'other', host: 'here', processId: 8 }, true],
    ['when its process has this number: this is its next life', { id: 'other', host: 'here', processId: 7 }, true],
    ['but not while its process on this host is running', { id: 'other', host: 'here', processId: 9 }, false],
    ['but not by its process when it is on another host', { id: 'other', host: 'there', processId: 8 }, false],
    ['but never when it is this very server', HERE, false],
  ];
  for (const [name, other, isGone] of cases) {
    test(name, async () => {
      const { lease, gone, released } = start([other], [7, 9]);
      await lease.begin();
      await lease.end();
      assert.deepEqual([gone, released], isGone ? [['other'], [1]] : [[], []]);
    });
  }
});
