/** Which request runs and which one waits: on this server in memory, for other servers by asking the store. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import { Claims, LOOK_MAX_MS, LOOK_MIN_MS } from '#server/idempotency/claims.js';
import type { KeptAnswer, KnownKey } from '#server/idempotency/kept-answer.js';
import { SWEEP_INTERVAL_MS, SWEEP_LENGTH_MAX, Sweeper } from '#server/idempotency/sweeper.js';
import { ManualTime } from '../limits/support/manual-time.js';

const REQUEST = { accountId: 'a', key: 'key', fingerprint: 'asked' };
const NEVER = new Promise<never>(() => {});

function start() {
  const time = new ManualTime();
  const calls: string[] = [];
  /** What the store has of the key; a claim is given when it has nothing. */
  const stored: { key: KnownKey | undefined; error: Error | undefined } = { key: undefined, error: undefined };
  const claims = new Claims({
    ledger: {
      async claim({ fingerprint }) {
        calls.push('claim');
        if (stored.error !== undefined) throw stored.error;
        if (stored.key !== undefined) return false;
        stored.key = { fingerprint, answer: undefined };
        return true;
      },
      free() {
        calls.push('free');
        stored.key = undefined;
      },
    },
    store: {
      async find() {
        calls.push('find');
        if (stored.error !== undefined) throw stored.error;
        return stored.key;
      },
    },
    clock: time,
    timers: time,
  });
  const answer: KeptAnswer = { model: 'm', content: Buffer.from('x'), expiresAt: time.now() + 1000 };
  return { time, claims, calls, stored, answer };
}

/** Begins a request that has to wait. */
async function wait(claims: Claims, left: Promise<never> = NEVER) {
  const turn = await claims.begin(REQUEST);
  assert.equal(turn.kind, 'wait');
  return turn.kind === 'wait' ? turn.flight.wait(left) : assert.fail();
}

async function run(claims: Claims) {
  const turn = await claims.begin(REQUEST);
  return turn.kind === 'run' ? turn : assert.fail(turn.kind);
}

describe('requests of one key on one server', () => {
  test('meet without asking the store: one runs, the others wait for it', async () => {
    const { claims, calls, answer } = start();
    const turns = await Promise.all([claims.begin(REQUEST), claims.begin(REQUEST), claims.begin(REQUEST)]);
    assert.deepEqual(
      turns.map(({ kind }) => kind),
      ['run', 'wait', 'wait'],
    );
    const waiting = turns.flatMap((turn) => (turn.kind === 'wait' ? [turn.flight.wait(NEVER)] : []));
    for (const turn of turns) if (turn.kind === 'run') turn.end({ kind: 'kept', answer });
    assert.deepEqual(await Promise.all(waiting), [
      { kind: 'kept', answer },
      { kind: 'kept', answer },
    ]);
    assert.deepEqual(calls, ['claim']);
    assert.equal(claims.running, 0);
  });

  test('free the key with anything but an answer', async () => {
    for (const end of [{ kind: 'gone' }, { kind: 'failed', error: serviceUnavailable(), keyId: 'k' }] as const) {
      const { claims, calls } = start();
      const turn = await run(claims);
      turn.end(end);
      assert.deepEqual(calls, ['claim', 'free']);
      await run(claims);
    }
  });

  test('that differ are a conflict before anything is asked', async () => {
    const { claims, calls } = start();
    const first = claims.begin(REQUEST);
    await assert.rejects(claims.begin({ ...REQUEST, fingerprint: 'other' }), /another body or path/);
    await first;
    assert.deepEqual(calls, ['claim']);
  });

  test('fail when the ledger does, and are none the worse for it afterwards', async () => {
    const { claims, stored } = start();
    stored.error = new Error('down');
    await assert.rejects(claims.begin(REQUEST), /down/);
    assert.equal(claims.running, 0);
    stored.error = undefined;
    await run(claims);
  });
});

describe('a request that runs on another server', () => {
  test('is looked after in growing pauses, once for all who wait, until its answer is there', async () => {
    const { claims, stored, time, calls, answer } = start();
    stored.key = { fingerprint: 'asked', answer: undefined };
    const waiting = [await waitLater(claims), await waitLater(claims)];
    await time.pass(LOOK_MIN_MS - 1);
    assert.deepEqual(calls, ['claim', 'find']);
    await time.pass(1 + 2 * LOOK_MIN_MS + 4 * LOOK_MIN_MS);
    assert.deepEqual(calls, ['claim', 'find', 'find', 'find', 'find']);
    stored.key = { fingerprint: 'asked', answer };
    await time.pass(LOOK_MAX_MS);
    assert.deepEqual(await Promise.all(waiting.map(({ ended }) => ended)), [
      { kind: 'kept', answer },
      { kind: 'kept', answer },
    ]);
    assert.equal(time.timers, 0);
  });

  test('is begun anew by who waits when it is gone', async () => {
    const { claims, stored, time } = start();
    stored.key = { fingerprint: 'asked', answer: undefined };
    const { ended } = await waitLater(claims);
    stored.key = undefined;
    await time.pass(LOOK_MIN_MS);
    assert.deepEqual(await ended, { kind: 'gone' });
    await run(claims);
  });

  test('is not looked after any more when nobody waits', async () => {
    const { claims, stored, time } = start();
    stored.key = { fingerprint: 'asked', answer: undefined };
    const leaving = Promise.withResolvers<never>();
    const { ended } = await waitLater(claims, leaving.promise);
    leaving.reject(new Error('left'));
    await assert.rejects(ended, /left/);
    assert.deepEqual([time.timers, claims.running], [0, 0]);
  });

  test('is begun anew when the store cannot be asked: the error comes from there', async () => {
    const { claims, stored, time } = start();
    stored.key = { fingerprint: 'asked', answer: undefined };
    const { ended } = await waitLater(claims);
    stored.error = new Error('down');
    await time.pass(LOOK_MIN_MS);
    assert.deepEqual(await ended, { kind: 'gone' });
    await assert.rejects(claims.begin(REQUEST), /down/);
  });

  test('is a conflict when it is another one', async () => {
    const { claims, stored } = start();
    stored.key = { fingerprint: 'other', answer: undefined };
    await assert.rejects(claims.begin(REQUEST), /another body or path/);
    assert.equal(claims.running, 0);
  });
});

/** Waits beside the test. */
async function waitLater(claims: Claims, left?: Promise<never>) {
  return { ended: wait(claims, left), begun: await new Promise((resolve) => setImmediate(resolve)) };
}

describe('the sweeper', () => {
  test('sweeps every minute, until nothing is left, and goes on after a failure', async () => {
    const time = new ManualTime();
    const left = [SWEEP_LENGTH_MAX, SWEEP_LENGTH_MAX, 3];
    const errors: unknown[] = [];
    let sweeps = 0;
    const sweeper = new Sweeper({
      store: {
        async sweep(now, limit) {
          sweeps += 1;
          assert.deepEqual([now, limit], [time.now(), SWEEP_LENGTH_MAX]);
          const swept = left.shift();
          if (swept === undefined) throw new Error('down');
          return swept;
        },
      },
      clock: time,
      timers: time,
      onError: (error) => errors.push(error),
    });
    sweeper.begin();
    await time.pass(SWEEP_INTERVAL_MS);
    assert.equal(sweeps, 3);
    await time.pass(2 * SWEEP_INTERVAL_MS);
    assert.deepEqual([sweeps, errors.length], [5, 2]);
    await sweeper.end();
    await time.pass(SWEEP_INTERVAL_MS);
    assert.deepEqual([sweeps, time.timers], [5, 0]);
  });
});
