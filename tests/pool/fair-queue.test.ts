/** How requests wait for an engine: in bounds, and in turns that no account can take from another. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FairQueue, QUANTUM_TOKENS } from '#server/engines/pool/fair-queue.js';
import { ManualTime } from '../limits/support/manual-time.js';

interface Named {
  readonly account: string;
  readonly tokens: number;
  readonly name: string;
}

function open({ maxLength = 1000, maxWaitMs = 60_000 } = {}) {
  const time = new ManualTime();
  const late: string[] = [];
  const onLate = ({ name }: Named) => late.push(name);
  const queue = new FairQueue<Named>({ clock: time, timers: time, maxLength, maxWaitMs, onLate });
  return {
    time,
    late,
    queue,
    join: (name: string, account = 'account', tokens = 100) => queue.join({ name, account, tokens }),
    take: () => queue.next(() => true)?.name,
  };
}

const always = () => true;

describe('a queue', () => {
  test('gives turns to the requests of one account in the order in which they came', () => {
    const { join, take } = open();
    for (const name of ['first', 'second', 'third']) join(name);
    assert.deepEqual([take(), take(), take(), take()], ['first', 'second', 'third', undefined]);
  });

  test('lets an account with one request not wait for all those of another', () => {
    const { join, take } = open();
    for (let number = 0; number < 100; number++) join(`many ${number}`, 'many', 5000);
    join('one', 'one', 5000);
    const order = [take(), take(), take()];
    assert.ok(order.includes('one'), order.join());
  });

  test('takes no more than its length, and does not count those that came back', () => {
    const { queue, join } = open({ maxLength: 2 });
    queue.rejoin({ account: 'account', tokens: 1, name: 'back' });
    assert.equal(join('first'), true);
    assert.equal(join('second'), true);
    assert.equal(join('third'), false);
    assert.equal(queue.length, 3);
  });

  test('takes nobody with a length of 0', () => {
    assert.equal(open({ maxLength: 0 }).join('first'), false);
  });

  test('sends away who has waited too long, and nobody earlier', async () => {
    const { time, late, join, queue } = open({ maxWaitMs: 1000 });
    join('first');
    await time.pass(500);
    join('second', 'other');
    await time.pass(499);
    assert.deepEqual(late, []);
    await time.pass(1);
    assert.deepEqual(late, ['first']);
    await time.pass(500);
    assert.deepEqual(late, ['first', 'second']);
    assert.equal(queue.length, 0);
  });

  test('has no timer when nobody waits', () => {
    const { time, join, take } = open();
    join('first');
    assert.equal(time.timers, 1);
    take();
    assert.equal(time.timers, 0);
  });

  test('holds those who wait to new bounds', async () => {
    const { time, late, join, queue } = open({ maxWaitMs: 60_000 });
    join('first');
    await time.pass(1000);
    queue.configure({ maxLength: 1, maxWaitMs: 1500 });
    await time.pass(500);
    assert.deepEqual(late, ['first']);
  });

  test('forgets who leaves, and charges its account nothing', () => {
    const { queue, take, join } = open();
    const gone = { account: 'account', tokens: 1_000_000, name: 'gone' };
    queue.join(gone);
    join('stays');
    assert.equal(queue.leave(gone), true);
    assert.equal(queue.leave(gone), false);
    assert.equal(take(), 'stays');
  });

  test('offers places first to those that came back, and passes over those that cannot use them', () => {
    const { queue, join } = open();
    join('waits');
    queue.rejoin({ account: 'account', tokens: 1, name: 'cannot' });
    queue.rejoin({ account: 'account', tokens: 1, name: 'can' });
    const canStart = ({ name }: Named) => name !== 'cannot';
    assert.equal(queue.next(canStart)?.name, 'can');
    assert.equal(queue.next(canStart)?.name, 'waits');
    assert.equal(queue.next(canStart), undefined);
    assert.equal(queue.length, 1);
  });

  test('keeps the turn for who cannot start yet', () => {
    const { queue, join } = open();
    join('first', 'one');
    join('second', 'other');
    assert.equal(
      queue.next(() => false),
      undefined,
    );
    assert.equal(queue.next(always)?.name, 'first');
  });

  test('lets an account pay for a large request later, also when nothing of it waits meanwhile', () => {
    const { queue, join, take } = open({ maxLength: 10_000 });
    for (let number = 0; number < 200; number++) join('small', 'small', QUANTUM_TOKENS / 4);
    let large = 0;
    for (let turn = 0; turn < 100; turn++) {
      // As soon as its request is gone, the account of large ones sends another.
      if (![...queue.waiters].some(({ account }) => account === 'large')) join('large', 'large', QUANTUM_TOKENS * 8);
      if (take() === 'large') large += 1;
    }
    // 100 turns: as many tokens to both is about 3 large ones (24 quanta) and 97 small ones (24 quanta).
    assert.ok(large >= 3 && large <= 4, `${large}`);
  });
});

/** What happens to a queue. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('join' as const),
        account: fc.constantFrom('a', 'b', 'c', 'd'),
        tokens: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60_000 })),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400 }) }) },
  ),
  { minLength: 20, maxLength: 200, size: 'max' },
);

test('nobody is forgotten: everyone goes, leaves or is sent away in time, once, and there are never too many', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (played) => {
      const maxLength = 12;
      const { time, queue, late } = open({ maxLength, maxWaitMs: 1000 });
      const waiting = new Map<string, { waiter: Named; since: number }>();
      const taken: Named[] = [];
      let number = 0;
      for (const step of played) {
        if (step.kind === 'join') {
          const waiter = { account: step.account, tokens: step.tokens, name: `${number++}` };
          const hasRoom = queue.inTurns < maxLength;
          assert.equal(queue.join(waiter), hasRoom);
          if (hasRoom) waiting.set(waiter.name, { waiter, since: time.now() });
        } else if (step.kind === 'take') {
          const waiter = queue.next(always);
          assert.equal(waiter !== undefined, waiting.size > 0, 'a place was left although somebody waits');
          if (waiter !== undefined) {
            assert.ok(waiting.delete(waiter.name), 'it did not wait');
            taken.push(waiter);
          }
        } else if (step.kind === 'leave' && waiting.size > 0) {
          const { waiter } = [...waiting.values()][step.which % waiting.size]!;
          assert.equal(queue.leave(waiter), true);
          waiting.delete(waiter.name);
        } else if (step.kind === 'return' && taken.length > 0) {
          const [waiter] = taken.splice(step.which % taken.length, 1);
          queue.rejoin(waiter!);
          waiting.set(waiter!.name, { waiter: waiter!, since: time.now() });
        } else if (step.kind === 'pass') await time.pass(step.ms);
        for (const name of late.splice(0)) assert.ok(waiting.delete(name), 'it was sent away twice');
        for (const { since } of waiting.values()) assert.ok(time.now() - since < 1000, 'it waits too long');
        assert.equal(queue.length, waiting.size);
        assert.ok(queue.inTurns <= maxLength);
      }
      while (queue.next(always) !== undefined) waiting.clear();
      assert.equal(queue.length, 0);
      assert.equal(time.timers, 0);
    }),
    { numRuns: 100 },
  );
});

test('while two accounts wait, neither gets more than the other by more than a quantum and one request', () => {
  const requests = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 50_000 })), {
    minLength: 1,
    maxLength: 40,
  });
  fc.assert(
    fc.property(fc.array(requests, { minLength: 2, maxLength: 5 }), fc.boolean(), (accounts, isClosedLoop) => {
      const { queue, join } = open({ maxLength: 10_000 });
      const left = accounts.map((costs) => [...costs]);
      const sendNext = (account: number) => {
        const tokens = left[account]!.shift();
        if (tokens !== undefined) join('request', `${account}`, tokens);
      };
      // Either everything waits from the beginning, or each account has two that wait, as long as it has any.
      for (const [account, costs] of left.entries()) {
        for (let count = isClosedLoop ? 2 : costs.length; count > 0; count--) sendNext(account);
      }
      const got = accounts.map(() => 0);
      const most = Math.max(...accounts.flat());
      for (;;) {
        const waiter = queue.next(always);
        if (waiter === undefined) break;
        got[Number(waiter.account)]! += waiter.tokens;
        if (isClosedLoop) sendNext(Number(waiter.account));
        const waits = new Set([...queue.waiters].map(({ account }) => Number(account)));
        // As soon as one has nothing left, the others share what it does not need.
        if (waits.size < accounts.length) return;
        const spread = Math.max(...got) - Math.min(...got);
        assert.ok(spread <= most + QUANTUM_TOKENS, `${got.join()} with requests of up to ${most}`);
      }
    }),
    { numRuns: 300 },
  );
});
