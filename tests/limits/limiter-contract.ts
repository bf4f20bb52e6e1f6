/** What every limiter promises: one suite, run for each adapter. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Limiter, Limits } from '#server/limits/index.js';
import { admitted, ask, postponed, refused } from './support/decisions.js';
import { judge } from './support/judge.js';
import { ManualTime } from './support/manual-time.js';
import { traces } from './support/traces.js';

const MINUTE_MS = 60_000;
const TRACES = 300;

/** Describes an adapter; `open` makes one that knows nothing yet and reads the time that it is given. */
export function describeLimiter(name: string, open: (time: ManualTime) => Limiter): void {
  describe(`${name} limiter: requests per minute`, () => describeRequests(open));
  describe(`${name} limiter: tokens per minute`, () => describeTokens(open));
  describe(`${name} limiter: debts`, () => describeDebts(open));
  describe(`${name} limiter: concurrency`, () => describeConcurrency(open));
  describe(`${name} limiter: several scopes`, () => describeScopes(open));
  describe(`${name} limiter: limits that change`, () => describeChanges(open));
  describe(`${name} limiter: a debt whose tier changes`, () => describeDebtsOfChangedTiers(open));
  describe(`${name} limiter: refusals and headroom`, () => describeAnswers(open));
  describe(`${name} limiter: what is left`, () => describePeeks(open));
  describe(`${name} limiter: time`, () => describeTime(open));
}

function describeRequests(open: Open): void {
  test('admits as many requests as the limit, and the next one 60 s after the first', async () => {
    const { limiter, time } = start(open);
    for (let index = 0; index < 3; index++) {
      admitted(await limiter.admit(ask({ requestsPerMinute: 3 })));
      time.reading += 10_000;
    }
    assert.equal(postponed(await limiter.admit(ask({ requestsPerMinute: 3 }))).retryAfterMs, 30_000);
    time.reading += 29_999;
    refused(await limiter.admit(ask({ requestsPerMinute: 3 })));
    time.reading += 1;
    admitted(await limiter.admit(ask({ requestsPerMinute: 3 })));
    refused(await limiter.admit(ask({ requestsPerMinute: 3 })));
  });

  test('counts a request also when it is settled with no tokens', async () => {
    const { limiter } = start(open);
    await admitted(await limiter.admit(ask({ requestsPerMinute: 1 }))).settle(0);
    refused(await limiter.admit(ask({ requestsPerMinute: 1 })));
  });

  test('limits nothing where no limit is set', async () => {
    const { limiter } = start(open);
    for (let index = 0; index < 100; index++) admitted(await limiter.admit(ask({}, 1_000_000)));
  });
}

function describeTokens(open: Open): void {
  test('admits reservations up to the limit, and the next one when enough of them have left', async () => {
    const { limiter, time } = start(open);
    const limits = { tokensPerMinute: 100 };
    for (const tokens of [20, 30, 50]) {
      admitted(await limiter.admit(ask(limits, tokens)));
      time.reading += 10_000;
    }
    assert.equal(postponed(await limiter.admit(ask(limits, 20))).retryAfterMs, 30_000);
    assert.equal(postponed(await limiter.admit(ask(limits, 21))).retryAfterMs, 40_000);
    assert.equal(postponed(await limiter.admit(ask(limits, 51))).retryAfterMs, 50_000);
  });

  test('finds the time at which enough have left among hundreds', async () => {
    const { limiter, time } = start(open);
    const limits = { tokensPerMinute: 1000 };
    for (let index = 0; index < 500; index++) {
      admitted(await limiter.admit(ask(limits, 2)));
      time.reading += 10;
    }
    for (const tokens of [1, 199, 200, 201, 202, 203, 400, 401, 402, 403, 1000]) {
      const leaving = Math.ceil(tokens / 2) - 1;
      assert.equal(
        postponed(await limiter.admit(ask(limits, tokens))).retryAfterMs,
        55_000 + leaving * 10,
        `${tokens}`,
      );
    }
  });

  test('gives back at once what was reserved and not used', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 100)));
    refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 90)));
    await permit.settle(10);
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 90)));
  });

  test('charges what was used at the time of the admission, not of the settlement', async () => {
    const { limiter, time } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 100)));
    time.reading += 59_000;
    await permit.settle(60);
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 100 }, 41))).retryAfterMs, 1000);
  });

  test('settles once, however often it is called', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 80)));
    await Promise.all([permit.settle(50), permit.settle(0), permit.settle(1000)]);
    await permit.settle(0);
    const { headroom } = refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 51)));
    assert.equal(headroom.tokens?.remaining, 50);
  });

  test('keeps what other requests of the same millisecond reserved', async () => {
    const { limiter } = start(open);
    const first = admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 40)));
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 60)));
    await first.settle(0);
    assert.equal(refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 41))).headroom.tokens?.remaining, 40);
  });

  test('does not take numbers that are no tokens', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100 })));
    for (const tokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(async () => limiter.admit(ask({ tokensPerMinute: 100 }, tokens)), RangeError);
      await assert.rejects(async () => permit.settle(tokens), RangeError);
    }
    await permit.settle(0);
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 100)));
  });
}

function describeDebts(open: Open): void {
  const limits = { tokensPerMinute: 100 };

  test('books usage beyond the reservation at once where there is room', async () => {
    const { limiter } = start(open);
    await admitted(await limiter.admit(ask(limits, 10))).settle(70);
    assert.equal(refused(await limiter.admit(ask(limits, 31))).headroom.tokens?.remaining, 30);
  });

  test('books a debt as room appears, before any request is admitted', async () => {
    const { limiter, time } = start(open);
    const permit = admitted(await limiter.admit(ask(limits, 30)));
    time.reading += 10_000;
    admitted(await limiter.admit(ask(limits, 70)));
    await permit.settle(50);
    // 20 of the 30 that leave after 60 s are taken by the debt.
    assert.equal(postponed(await limiter.admit(ask(limits, 10))).retryAfterMs, 50_000);
    assert.equal(postponed(await limiter.admit(ask(limits, 11))).retryAfterMs, 60_000);
    time.reading += 50_000;
    refused(await limiter.admit(ask(limits, 11)));
    admitted(await limiter.admit(ask(limits, 10)));
  });

  test('keeps requests out for as many minutes as a debt is worth', async () => {
    const { limiter, time } = start(open);
    await admitted(await limiter.admit(ask(limits, 1))).settle(1000);
    assert.equal(postponed(await limiter.admit(ask(limits, 1))).retryAfterMs, 10 * MINUTE_MS);
    time.reading += 10 * MINUTE_MS - 1;
    refused(await limiter.admit(ask(limits, 1)));
    time.reading += 1;
    admitted(await limiter.admit(ask(limits, 100)));
  });

  test('carries a debt also when its request has left the window', async () => {
    const { limiter, time } = start(open);
    const permit = admitted(await limiter.admit(ask(limits, 10)));
    time.reading += 10 * MINUTE_MS;
    await permit.settle(110);
    assert.equal(postponed(await limiter.admit(ask(limits, 1))).retryAfterMs, MINUTE_MS);
  });

  test('lets requests without tokens wait for debts too', async () => {
    const { limiter } = start(open);
    await admitted(await limiter.admit(ask(limits, 100))).settle(150);
    assert.equal(postponed(await limiter.admit(ask(limits, 0))).retryAfterMs, MINUTE_MS);
  });
}

function describeConcurrency(open: Open): void {
  test('admits as many at a time as the limit, and another when one is settled', async () => {
    const { limiter, time } = start(open);
    const permits = [];
    for (let index = 0; index < 3; index++) permits.push(admitted(await limiter.admit(ask({ concurrentRequests: 3 }))));
    time.reading += 10_000;
    const refusal = postponed(await limiter.admit(ask({ concurrentRequests: 3 })));
    assert.deepEqual([refusal.limit, refusal.retryAfterMs], ['concurrency', 1000]);
    await permits[1]!.settle(5);
    admitted(await limiter.admit(ask({ concurrentRequests: 3 })));
    refused(await limiter.admit(ask({ concurrentRequests: 3 })));
  });

  test('frees one place when a permit is settled twice', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ concurrentRequests: 2 })));
    admitted(await limiter.admit(ask({ concurrentRequests: 2 })));
    await permit.settle(1);
    await permit.settle(1);
    admitted(await limiter.admit(ask({ concurrentRequests: 2 })));
    refused(await limiter.admit(ask({ concurrentRequests: 2 })));
  });
}

function describeScopes(open: Open): void {
  const account = { id: 'account', limits: { requestsPerMinute: 3, tokensPerMinute: 100, concurrentRequests: 3 } };
  const key = { id: 'key', limits: { requestsPerMinute: 1 } };
  const toBoth = { account: 'account', scopes: [account, key], tokens: 10 };
  const toAccount = { account: 'account', scopes: [account], tokens: 10 };

  test('takes nothing anywhere when one scope refuses', async () => {
    const { limiter } = start(open);
    admitted(await limiter.admit(toBoth));
    for (let index = 0; index < 10; index++) {
      const refusal = refused(await limiter.admit(toBoth));
      assert.deepEqual([refusal.limit, refusal.scope], ['requests', 'key']);
      assert.equal(refusal.headroom.tokens?.remaining, 90);
    }
    admitted(await limiter.admit(toAccount));
    assert.deepEqual(admitted(await limiter.admit(toAccount)).headroom.requests?.remaining, 0);
  });

  test('names the limit that refuses longest', async () => {
    const { limiter, time } = start(open);
    const scopes = [
      { id: 'first', limits: { requestsPerMinute: 1 } },
      { id: 'second', limits: { tokensPerMinute: 10 } },
    ];
    admitted(await limiter.admit({ account: 'account', scopes: [scopes[0]!], tokens: 10 }));
    time.reading += 1;
    admitted(await limiter.admit({ account: 'account', scopes: [scopes[1]!], tokens: 10 }));
    const refusal = postponed(await limiter.admit({ account: 'account', scopes, tokens: 10 }));
    assert.deepEqual([refusal.limit, refusal.scope, refusal.retryAfterMs], ['tokens', 'second', 60_000]);
  });

  test('shows of each axis the scope with the least room', async () => {
    const { limiter } = start(open);
    const scopes = [
      { id: 'first', limits: { requestsPerMinute: 10, tokensPerMinute: 50 } },
      { id: 'second', limits: { requestsPerMinute: 5, tokensPerMinute: 70 } },
    ];
    const { headroom } = admitted(await limiter.admit({ account: 'account', scopes, tokens: 10 }));
    assert.deepEqual([headroom.requests?.limit, headroom.requests?.remaining], [5, 4]);
    assert.deepEqual([headroom.tokens?.limit, headroom.tokens?.remaining], [50, 40]);
  });

  test('keeps accounts apart', async () => {
    const { limiter } = start(open);
    const limits = { requestsPerMinute: 1 };
    admitted(await limiter.admit({ account: 'one', scopes: [{ id: 'one', limits }], tokens: 1 }));
    admitted(await limiter.admit({ account: 'other', scopes: [{ id: 'other', limits }], tokens: 1 }));
  });
}

function describeChanges(open: Open): void {
  test('apply at once, and keep what is booked', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100, concurrentRequests: 1 }, 60)));
    const refusal = postponed(await limiter.admit(ask({ tokensPerMinute: 50, concurrentRequests: 2 }, 1)));
    assert.deepEqual([refusal.limit, refusal.headroom.tokens?.remaining], ['tokens', 0]);
    await permit.settle(60);
    admitted(await limiter.admit(ask({ tokensPerMinute: 200, concurrentRequests: 1 }, 140)));
  });

  test('of a lowered limit let out first what is over it', async () => {
    const { limiter, time } = start(open);
    for (const tokens of [50, 30, 20]) {
      admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, tokens)));
      time.reading += 10_000;
    }
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 40 }, 10))).retryAfterMs, 40_000);
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 80 }, 10))).retryAfterMs, 30_000);
  });

  test('do not count a request that came without a limit against one that comes later', async () => {
    const { limiter } = start(open);
    const unlimited = admitted(await limiter.admit(ask({ requestsPerMinute: 5 }, 50)));
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 30)));
    assert.equal(admitted(await limiter.admit(ask({ requestsPerMinute: 5 }, 1))).headroom.requests?.remaining, 3);
    await unlimited.settle(1000);
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 70)));
    refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 1)));
  });

  test('that take a limit away and bring it back keep what was booked under it', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 60)));
    admitted(await limiter.admit(ask({}, 1000)));
    assert.equal(refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 41))).headroom.tokens?.remaining, 40);
    await permit.settle(10);
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 90)));
  });
}

/** What a limit of 100 tokens may change to and back from, and how many minutes are left of a debt of ten after five of them. */
const DETOURS: readonly [string, Limits, number][] = [
  ['raised', { tokensPerMinute: 110 }, 4],
  ['lowered', { tokensPerMinute: 50 }, 6],
  ['taken away', {}, 5],
  ['set to 0', { tokensPerMinute: 0 }, 5],
  ['replaced by one of requests', { requestsPerMinute: 1000 }, 5],
];

function describeDebtsOfChangedTiers(open: Open): void {
  const limits = { tokensPerMinute: 100 };

  for (const [change, other, leftMinutes] of DETOURS) {
    test(`is still owed after the limit was ${change} and brought back`, async () => {
      const { limiter, time } = start(open);
      await admitted(await limiter.admit(ask(limits, 1))).settle(1000);
      for (let minute = 0; minute < 5; minute++) {
        time.reading += MINUTE_MS;
        // Others come too, so that what is idle is forgotten.
        for (let index = 0; index < 20; index++)
          await limiter.admit(ask({ requestsPerMinute: 1 }, 1, `other-${index}`));
        await limiter.admit(ask(other, 0));
      }
      const { retryAfterMs } = postponed(await limiter.admit(ask(limits, 1)));
      assert.equal(retryAfterMs, leftMinutes * MINUTE_MS, `${retryAfterMs} ms`);
    });
  }

  for (const [change, other] of DETOURS.slice(2)) {
    test(`is paid by time at the pace of the last limit while that is ${change}`, async () => {
      const { limiter, time } = start(open);
      await admitted(await limiter.admit(ask(limits, 1))).settle(1000);
      time.reading += MINUTE_MS;
      await limiter.admit(ask(other, 1));
      time.reading += 9 * MINUTE_MS - 1;
      await limiter.admit(ask(other, 1));
      assert.equal(postponed(await limiter.admit(ask(limits, 1))).retryAfterMs, 1);
      time.reading += 1;
      admitted(await limiter.admit(ask(limits, 100)));
    });
  }

  test('is paid at the old pace up to a change and at the new one from it on', async () => {
    const { limiter, time } = start(open);
    await admitted(await limiter.admit(ask(limits, 1))).settle(1000);
    time.reading += 2 * MINUTE_MS;
    // 300 of 1000 were booked by now, and 700 wait: at 50 a minute, once 50 of the 100 in the window have left.
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 50 }, 1))).retryAfterMs, 15 * MINUTE_MS);
    time.reading += 5 * MINUTE_MS;
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 500 }, 1))).retryAfterMs, MINUTE_MS);
  });

  test('counts also when the limit was taken away or set to 0 before the request that owes was settled', async () => {
    for (const other of [{}, { tokensPerMinute: 0 }]) {
      const { limiter, time } = start(open);
      const permit = admitted(await limiter.admit(ask(limits, 10)));
      time.reading += 2 * MINUTE_MS;
      await limiter.admit(ask(other, 0));
      await permit.settle(310);
      assert.equal(postponed(await limiter.admit(ask(limits, 1))).retryAfterMs, 3 * MINUTE_MS);
    }
  });

  for (const reserved of [0, 10]) {
    test(`is booked at the pace of the newest limit also when ${reserved} tokens were reserved under an older one`, async () => {
      const { limiter, time } = start(open);
      const permit = admitted(await limiter.admit(ask(limits, reserved)));
      await limiter.admit(ask({ tokensPerMinute: 50 }, 0));
      time.reading += MINUTE_MS;
      refused(await limiter.admit(ask({ tokensPerMinute: 50 }, 51)));
      await permit.settle(reserved + 300);
      assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 50 }, 1))).retryAfterMs, 6 * MINUTE_MS);
    });
  }

  test('counts running requests also against a limit of concurrency that came after them', async () => {
    const { limiter } = start(open);
    const permit = admitted(await limiter.admit(ask({})));
    refused(await limiter.admit(ask({ concurrentRequests: 1 })));
    await permit.settle(1);
    admitted(await limiter.admit(ask({ concurrentRequests: 1 })));
  });
}

function describePeeks(open: Open): void {
  const limits = { requestsPerMinute: 5, tokensPerMinute: 100, concurrentRequests: 1 };

  test('is all of the limits for who was never there', async () => {
    const { limiter } = start(open);
    assert.deepEqual(await limiter.peek(ask(limits)), {
      requests: { limit: 5, remaining: 5, resetMs: 0 },
      tokens: { limit: 100, remaining: 100, resetMs: 0 },
    });
    assert.deepEqual(await limiter.peek({ account: 'account', scopes: [] }), {});
  });

  test('is what the next admission counts from, as of now', async () => {
    const { limiter, time } = start(open);
    await admitted(await limiter.admit(ask(limits, 30))).settle(20);
    time.reading += 45_000;
    admitted(await limiter.admit(ask(limits, 10)));
    assert.deepEqual(await limiter.peek(ask(limits)), {
      requests: { limit: 5, remaining: 3, resetMs: 60_000 },
      tokens: { limit: 100, remaining: 70, resetMs: 60_000 },
    });
    time.reading += 15_000;
    assert.deepEqual(await limiter.peek(ask(limits)), {
      requests: { limit: 5, remaining: 4, resetMs: 45_000 },
      tokens: { limit: 100, remaining: 90, resetMs: 45_000 },
    });
    time.reading += 45_000;
    assert.equal((await limiter.peek(ask(limits))).tokens?.remaining, 100);
  });

  test('is nothing while there are debts, which a look neither pays nor forgives', async () => {
    const { limiter, time } = start(open);
    await admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 10))).settle(250);
    time.reading += MINUTE_MS;
    for (const other of [{}, { tokensPerMinute: 0 }, { tokensPerMinute: 1_000_000 }]) await limiter.peek(ask(other));
    assert.deepEqual(await limiter.peek(ask({ tokensPerMinute: 100 })), {
      tokens: { limit: 100, remaining: 0, resetMs: 2 * MINUTE_MS },
    });
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 100 }, 1))).retryAfterMs, MINUTE_MS);
    time.reading += MINUTE_MS;
    assert.equal((await limiter.peek(ask({ tokensPerMinute: 100 }))).tokens?.remaining, 50);
  });

  test('sees hundreds of events leave', async () => {
    const { limiter, time } = start(open);
    for (let index = 0; index < 500; index++) {
      admitted(await limiter.admit(ask({ tokensPerMinute: 1000 }, 2)));
      time.reading += 10;
    }
    time.reading += 57_500;
    assert.equal((await limiter.peek(ask({ tokensPerMinute: 1000 }))).tokens?.remaining, 2 * 251);
  });
}

function describeAnswers(open: Open): void {
  test('is the oracle: same decisions, same times, same headroom, no span of 60 s over a limit', async () => {
    await fc.assert(
      fc.asyncProperty(traces(), (trace) => judge(trace, open)),
      { numRuns: TRACES },
    );
  });

  const impossible: [string, Limits, number][] = [
    ['requests', { requestsPerMinute: 0 }, 1],
    ['tokens', { tokensPerMinute: 0 }, 0],
    ['tokens', { tokensPerMinute: 10 }, 11],
    ['concurrency', { concurrentRequests: 0 }, 1],
  ];
  for (const [limit, limits, tokens] of impossible) {
    test(`says that ${tokens} tokens can never fit into ${JSON.stringify(limits)}`, async () => {
      const { limiter } = start(open);
      const refusal = refused(await limiter.admit(ask(limits, tokens)));
      assert.deepEqual([refusal.never, refusal.limit, refusal.scope], [true, limit, 'account']);
    });
  }

  test('counts the request in its own headroom, and says when the window is empty again', async () => {
    const { limiter, time } = start(open);
    const limits = { requestsPerMinute: 5, tokensPerMinute: 100 };
    admitted(await limiter.admit(ask(limits, 30)));
    time.reading += 20_000;
    const { headroom } = admitted(await limiter.admit(ask(limits, 10)));
    assert.deepEqual(headroom, {
      requests: { limit: 5, remaining: 3, resetMs: 60_000 },
      tokens: { limit: 100, remaining: 60, resetMs: 60_000 },
    });
    time.reading += 45_000;
    assert.deepEqual(refused(await limiter.admit(ask(limits, 101))).headroom, {
      requests: { limit: 5, remaining: 4, resetMs: 15_000 },
      tokens: { limit: 100, remaining: 90, resetMs: 15_000 },
    });
  });

  test('shows no remaining tokens while there are debts, and when the last of them has left', async () => {
    const { limiter } = start(open);
    await admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 10))).settle(250);
    const { headroom } = refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 10)));
    assert.deepEqual(headroom.tokens, { limit: 100, remaining: 0, resetMs: 3 * MINUTE_MS });
  });

  test('leaves out of the headroom what is not limited', async () => {
    const { limiter } = start(open);
    assert.deepEqual(admitted(await limiter.admit(ask({ concurrentRequests: 5 }))).headroom, {});
  });
}

function describeTime(open: Open): void {
  test('stands still while the clock is set back, and goes on from there', async () => {
    const { limiter, time } = start(open);
    admitted(await limiter.admit(ask({ requestsPerMinute: 1 })));
    time.reading -= 3_600_000;
    assert.equal(postponed(await limiter.admit(ask({ requestsPerMinute: 1 }))).retryAfterMs, 60_000);
    time.reading += 59_999;
    refused(await limiter.admit(ask({ requestsPerMinute: 1 })));
    time.reading += 1;
    admitted(await limiter.admit(ask({ requestsPerMinute: 1 })));
  });

  test('follows a clock that jumps ahead', async () => {
    const { limiter, time } = start(open);
    admitted(await limiter.admit(ask({ requestsPerMinute: 1 })));
    time.reading += 3_600_000;
    admitted(await limiter.admit(ask({ requestsPerMinute: 1 })));
    refused(await limiter.admit(ask({ requestsPerMinute: 1 })));
  });
}

type Open = (time: ManualTime) => Limiter;

function start(open: Open): { limiter: Limiter; time: ManualTime } {
  const time = new ManualTime();
  return { limiter: open(time), time };
}
