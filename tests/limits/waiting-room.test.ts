/** Waiting for room instead of being refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Admission,
  type HeadroomQuestion,
  type Limits,
  MemoryLimiter,
  type Permit,
  type QueueLimits,
  type Refusal,
  WaitingRoom,
} from '#server/limits/index.js';
import { describeLimiter } from './limiter-contract.js';
import { admitted, ask, postponed, refused } from './support/decisions.js';
import { ManualTime, settleDown } from './support/manual-time.js';

const QUEUE = { maxWaitMs: 30_000, maxLength: 10 };

/** A room in front of a limiter in memory, and a notebook of who was answered in which order. */
function start() {
  const time = new ManualTime();
  const room = new WaitingRoom({ limiter: new MemoryLimiter(time), clock: time, timers: time });
  const answers: { name: string; at: number; decision: Permit | Refusal }[] = [];
  const began = time.now();
  /** Sends a request and does not wait for its answer. */
  const send = async (name: string, admission: Admission, signal?: AbortSignal): Promise<void> => {
    void Promise.resolve(room.admit(admission, signal)).then(
      (decision) => answers.push({ name, at: time.now() - began, decision }),
      (error: Error) =>
        answers.push({ name: `${name}: ${error.message}`, at: time.now() - began, decision: undefined as never }),
    );
    await settleDown();
  };
  return {
    time,
    room,
    answers,
    send,
    names: () => answers.map(({ name, decision }) => (decision?.admitted === false ? `${name} refused` : name)),
  };
}

function patient(limits: Limits, tokens = 1, queue: QueueLimits = QUEUE, account = 'account'): Admission {
  return { account, scopes: [{ id: account, limits }], tokens, queue };
}

describeLimiter(
  'waiting-room',
  (time) => new WaitingRoom({ limiter: new MemoryLimiter(time), clock: time, timers: time }),
);

describe('waiting room', () => {
  test('shows what is left without counting who waits', async () => {
    const { room, send } = start();
    admitted(await room.admit(patient({ tokensPerMinute: 100 }, 60)));
    await send('waiting', patient({ tokensPerMinute: 100 }, 50));
    assert.equal((await room.peek(ask({ tokensPerMinute: 100 }))).tokens?.remaining, 40);
  });

  test('lets a request through at once where there is room', async () => {
    const { room, time } = start();
    admitted(await room.admit(patient({ requestsPerMinute: 1 })));
    assert.equal(time.timers, 0);
  });

  test('refuses at once who must not wait', async () => {
    const { room } = start();
    admitted(await room.admit(ask({ requestsPerMinute: 1 })));
    refused(await room.admit(ask({ requestsPerMinute: 1 })));
    refused(await room.admit({ ...ask({ requestsPerMinute: 1 }), queue: { maxWaitMs: 10_000, maxLength: 0 } }));
  });

  test('refuses at once what can never fit, also when others wait', async () => {
    const { room, send } = start();
    admitted(await room.admit(patient({ tokensPerMinute: 10 }, 10)));
    assert.equal(refused(await room.admit(patient({ tokensPerMinute: 10 }, 11))).never, true);
    await send('waiting', patient({ tokensPerMinute: 10 }, 10));
    assert.equal(refused(await room.admit(patient({ tokensPerMinute: 10 }, 11))).never, true);
  });

  test('admits a waiting request at the very millisecond at which it fits', async () => {
    const { time, answers, send } = start();
    const queue = { ...QUEUE, maxWaitMs: 90_000 };
    await send('first', patient({ requestsPerMinute: 1 }, 1, queue));
    await send('second', patient({ requestsPerMinute: 1 }, 1, queue));
    await time.pass(59_999);
    assert.equal(answers.length, 1);
    await time.pass(1);
    assert.deepEqual(
      answers.map(({ name, at }) => [name, at]),
      [
        ['first', 0],
        ['second', 60_000],
      ],
    );
    admitted(answers[1]!.decision);
  });

  test('serves a line in the order of arrival, also who needs less than the head', async () => {
    const { time, names, send } = start();
    const limits = { tokensPerMinute: 100 };
    const queue = { ...QUEUE, maxWaitMs: 200_000 };
    await send('first', patient(limits, 60, queue));
    await send('big', patient(limits, 90, queue));
    await send('small', patient(limits, 10, queue));
    assert.deepEqual(names(), ['first']);
    await time.pass(60_000);
    assert.deepEqual(names(), ['first', 'big', 'small']);
  });

  test('lets the next one through as soon as a request of its account is settled', async () => {
    const { answers, names, send } = start();
    await send('first', patient({ concurrentRequests: 1 }));
    await send('second', patient({ concurrentRequests: 1 }));
    await send('third', patient({ concurrentRequests: 1 }));
    await admitted(answers[0]!.decision).settle(1);
    await settleDown();
    assert.deepEqual(names(), ['first', 'second']);
    await admitted(answers[1]!.decision).settle(1);
    await settleDown();
    assert.deepEqual(names(), ['first', 'second', 'third']);
  });

  test('asks again every second for a slot that something else may free', async () => {
    const time = new ManualTime();
    const limiter = new MemoryLimiter(time);
    const room = new WaitingRoom({ limiter, clock: time, timers: time });
    const elsewhere = admitted(limiter.admit(ask({ concurrentRequests: 1 })));
    const waiting = room.admit(patient({ concurrentRequests: 1 }));
    await time.pass(500);
    void elsewhere.settle(1);
    await time.pass(500);
    admitted(await waiting);
  });

  test('refuses who waited too long, with what the limiter says at that time', async () => {
    const { time, answers, send } = start();
    await send('first', patient({ requestsPerMinute: 1 }));
    await send('second', patient({ requestsPerMinute: 1 }));
    await time.pass(5000);
    await send('third', patient({ requestsPerMinute: 1 }));
    await time.pass(24_999);
    assert.equal(answers.length, 1);
    await time.pass(1);
    assert.deepEqual([answers[1]?.name, answers[1]?.at], ['second', 30_000]);
    assert.equal(postponed(answers[1]!.decision).retryAfterMs, 30_000);
    await time.pass(5000);
    assert.deepEqual([answers[2]?.name, answers[2]?.at], ['third', 35_000]);
    assert.equal(postponed(answers[2]!.decision).retryAfterMs, 25_000);
    assert.equal(time.timers, 0);
  });

  test('refuses at once who finds the line full', async () => {
    const { time, room, send } = start();
    const queue = { ...QUEUE, maxLength: 2 };
    for (const name of ['running', 'one', 'two']) await send(name, patient({ requestsPerMinute: 1 }, 1, queue));
    await time.pass(10_000);
    assert.equal(room.lengthOf('account'), 2);
    assert.equal(postponed(await room.admit(patient({ requestsPerMinute: 1 }, 1, queue))).retryAfterMs, 50_000);
  });

  test('lets no line wait for another', async () => {
    const { time, names, send } = start();
    await send('a1', patient({ requestsPerMinute: 1 }, 1, QUEUE, 'a'));
    for (let index = 2; index < 10; index++) await send(`a${index}`, patient({ requestsPerMinute: 1 }, 1, QUEUE, 'a'));
    await send('b1', patient({ concurrentRequests: 1 }, 1, QUEUE, 'b'));
    assert.deepEqual(names(), ['a1', 'b1']);
    await time.pass(1000);
    assert.deepEqual(names(), ['a1', 'b1']);
  });

  test('lets a client go that leaves, and serves the next in its place', async () => {
    const { time, room, names, send, answers } = start();
    const leaving = new AbortController();
    await send('first', patient({ tokensPerMinute: 100 }, 60));
    await send('leaves', patient({ tokensPerMinute: 100 }, 90), leaving.signal);
    await send('second', patient({ tokensPerMinute: 100 }, 40));
    leaving.abort(new Error('client left'));
    await settleDown();
    assert.deepEqual(names(), ['first', 'leaves: client left', 'second']);
    assert.equal(room.lengthOf('account'), 0);
    await admitted(answers[0]!.decision).settle(60);
    assert.equal(time.timers, 0);
  });

  test('gives back at once what a client was given that left while the limiter decided', async () => {
    const time = new ManualTime();
    const memory = new MemoryLimiter(time);
    const leaving = new AbortController();
    let asked = 0;
    const slow = {
      async admit(admission: Admission) {
        asked += 1;
        if (asked === 2) leaving.abort(new Error('client left'));
        await settleDown();
        return memory.admit(admission);
      },
      peek: (question: HeadroomQuestion) => memory.peek(question),
    };
    const room = new WaitingRoom({ limiter: slow, clock: time, timers: time });
    const elsewhere = admitted(memory.admit(ask({ concurrentRequests: 1 })));
    const waiting = assert.rejects(
      async () => room.admit(patient({ concurrentRequests: 1 }), leaving.signal),
      /client left/,
    );
    await settleDown();
    await settleDown();
    void elsewhere.settle(1);
    await time.pass(1000);
    await waiting;
    await settleDown();
    assert.equal(asked, 2);
    admitted(memory.admit(ask({ concurrentRequests: 1 })));
  });

  for (const [which, passMs] of [
    ['first', 0],
    ['later', 1000],
  ] as const) {
    test(`asks again when a request is settled while the limiter makes its ${which} decision`, async () => {
      const time = new ManualTime();
      const memory = new MemoryLimiter(time);
      let gate = Promise.withResolvers<void>();
      gate.resolve();
      const slow = {
        async admit(admission: Admission) {
          const decision = memory.admit(admission);
          await gate.promise;
          return decision;
        },
        peek: (question: HeadroomQuestion) => memory.peek(question),
      };
      const room = new WaitingRoom({ limiter: slow, clock: time, timers: time });
      const first = admitted(await room.admit(patient({ concurrentRequests: 1 })));
      if (passMs === 0) gate = Promise.withResolvers();
      const second = room.admit(patient({ concurrentRequests: 1 }));
      await settleDown();
      if (passMs > 0) gate = Promise.withResolvers();
      await time.pass(passMs);
      await first.settle(1);
      gate.resolve();
      admitted(await second);
    });
  }

  test('begins a new line when the last one has gone', async () => {
    const { answers, names, send } = start();
    for (const name of ['first', 'second', 'third', 'fourth']) {
      await send(name, patient({ concurrentRequests: 1 }));
      await send(`${name} again`, patient({ concurrentRequests: 1 }));
      for (let place = 2; place > 0; place--) {
        void admitted(answers.at(-1)!.decision).settle(1);
        await settleDown();
      }
    }
    assert.equal(names().length, 8);
  });

  test('rejects with the error of the limiter, and goes on with the next', async () => {
    const time = new ManualTime();
    const memory = new MemoryLimiter(time);
    let failures = 0;
    const room = new WaitingRoom({
      limiter: {
        admit(admission) {
          if (failures-- === 1) throw new Error('limiter failed');
          return memory.admit(admission);
        },
        peek: (question) => memory.peek(question),
      },
      clock: time,
      timers: time,
    });
    const first = admitted(await room.admit(patient({ concurrentRequests: 1 })));
    const second = assert.rejects(async () => room.admit(patient({ concurrentRequests: 1 })), /limiter failed/);
    await settleDown();
    const third = room.admit(patient({ concurrentRequests: 1 }));
    await settleDown();
    failures = 1;
    await first.settle(1);
    await second;
    admitted(await third);
  });

  test('does not shorten a wait when the clock is set back or jumps ahead', async () => {
    const { time, answers, send } = start();
    await send('first', patient({ concurrentRequests: 1 }));
    await send('second', patient({ concurrentRequests: 1 }));
    time.reading -= 3_600_000;
    await time.pass(29_000);
    assert.equal(answers.length, 1);
    await time.pass(2000);
    assert.equal(answers.length, 2);
  });
});
