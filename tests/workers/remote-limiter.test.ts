/** The limiter of workers: the contract, several workers, requests that stop waiting, and workers that die. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MemoryLimiter, type Permit, WaitingRoom } from '#server/limits/index.js';
import { describeLimiter } from '../limits/limiter-contract.js';
import { admitted, ask, refused } from '../limits/support/decisions.js';
import { ManualTime } from '../limits/support/manual-time.js';
import { connectLimiter } from './support/connected-limiter.js';

describeLimiter('workers', (time) => connectLimiter(new MemoryLimiter(time)).limiter);

/** One limiter that all workers ask. */
function openShared() {
  const time = new ManualTime();
  const room = new WaitingRoom({ limiter: new MemoryLimiter(time), clock: time, timers: time });
  return { time, room, first: connectLimiter(room), second: connectLimiter(room) };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 12; count++) await turn();
}

describe('the limits of several workers', () => {
  test('admit together no more than one limiter would', async () => {
    const { first, second } = openShared();
    const limits = { requestsPerMinute: 50, tokensPerMinute: 400, concurrentRequests: 45 };
    const askAll = async () => {
      const asked = Array.from({ length: 300 }, (_, index) =>
        (index % 2 === 0 ? first : second).limiter.admit(ask(limits, 10)),
      );
      return (await Promise.all(asked)).filter((decision): decision is Permit => decision.admitted);
    };
    const permits = await askAll();
    assert.equal(permits.length, 40, 'tokens for 40');
    await Promise.all(permits.map((permit) => permit.settle(5)));
    assert.equal((await askAll()).length, 10, 'requests for 10 more');
  });

  test('let a request of one worker wait for one of another, and admit it as soon as that has ended', async () => {
    const { first, second } = openShared();
    const admission = { ...ask({ concurrentRequests: 1 }), queue: { maxWaitMs: 60_000, maxLength: 5 } };
    const running = admitted(await first.limiter.admit(admission));
    const waiting = second.limiter.admit(admission);
    await turns();
    void running.settle(1);
    admitted(await waiting);
  });

  test('give nothing to a request that has stopped waiting, and let the next one in', async () => {
    const { room, first, second } = openShared();
    const admission = { ...ask({ concurrentRequests: 1 }), queue: { maxWaitMs: 60_000, maxLength: 5 } };
    const running = admitted(await first.limiter.admit(admission));
    const left = new AbortController();
    const leaving = second.limiter.admit(admission, left.signal);
    const staying = second.limiter.admit(admission);
    await turns();
    left.abort(new Error('left'));
    await assert.rejects(leaving, /left/);
    await turns();
    assert.equal(room.lengthOf('account'), 1);
    void running.settle(1);
    admitted(await staying);
    await turns();
    assert.equal(second.desk.open, 1);
  });

  test('take back what was given to a request in the moment in which it left', async () => {
    const { first } = openShared();
    const admission = { ...ask({ concurrentRequests: 1 }), queue: { maxWaitMs: 60_000, maxLength: 5 } };
    const left = new AbortController();
    const leaving = first.limiter.admit(admission, left.signal);
    left.abort(new Error('left'));
    await assert.rejects(leaving, /left/);
    await turns();
    assert.equal(first.desk.open, 0);
    admitted(await first.limiter.admit(admission));
  });

  test('are free again when a worker dies, with its reservations booked and its line left', async () => {
    const { room, first, second } = openShared();
    const limits = { concurrentRequests: 1, tokensPerMinute: 100 };
    const queued = { ...ask(limits, 60), queue: { maxWaitMs: 60_000, maxLength: 5 } };
    admitted(await first.limiter.admit(queued));
    void first.limiter.admit(queued).catch(() => {});
    await turns();
    await first.desk.close();
    await turns();
    assert.equal(room.lengthOf('account'), 0);
    const { limit, headroom } = refused(await second.limiter.admit(ask(limits, 60)));
    assert.equal(limit, 'tokens');
    assert.equal(headroom.tokens?.remaining, 40);
    admitted(await second.limiter.admit(ask(limits, 40)));
  });

  test('give nothing to a worker that dies while its question is being answered', async () => {
    const { first, second } = openShared();
    const asked = first.desk.admit([1, 'account', 1, ['account', undefined, undefined, 1]]);
    await first.desk.close();
    await asked;
    admitted(await second.limiter.admit(ask({ concurrentRequests: 1 })));
  });
});

describe('the pipe of a worker', () => {
  test('sends all that one turn of the event loop asks for together', async () => {
    const { first } = openShared();
    await Promise.all(Array.from({ length: 20 }, () => first.limiter.admit(ask({}))));
    assert.deepEqual(first.sendings, [20]);
  });

  test('lets a settlement travel with the question that follows it', async () => {
    const { first } = openShared();
    const permit = admitted(await first.limiter.admit(ask({})));
    void permit.settle(1);
    await turn();
    await first.limiter.admit(ask({}));
    assert.deepEqual(first.sendings, [1, 2]);
  });

  test('sends a settlement that nothing follows', async () => {
    const { first } = openShared();
    const permit = admitted(await first.limiter.admit(ask({})));
    void permit.settle(1);
    await turns();
    assert.equal(first.desk.open, 0);
  });

  test('fails what was asked when the other process is gone', async () => {
    const { first } = openShared();
    const asked = first.limiter.admit(ask({}));
    first.worker.close();
    await assert.rejects(asked, /other process is gone/);
    await assert.rejects(Promise.resolve(first.limiter.peek(ask({}))), /other process is gone/);
  });
});
