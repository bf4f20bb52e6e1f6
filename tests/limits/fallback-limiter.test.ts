/** What a replica does while the shared limits are lost. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  FallbackLimiter,
  type HeadroomQuestion,
  LimiterLostError,
  MemoryLimiter,
  type OnLost,
} from '#server/limits/index.js';
import { describeLimiter } from './limiter-contract.js';
import { admitted, ask, postponed, refused } from './support/decisions.js';
import { ManualTime } from './support/manual-time.js';

/** A fallback in front of a limiter that can be lost. */
function start(onLost: OnLost) {
  const time = new ManualTime();
  const memory = new MemoryLimiter(time);
  const changes: [boolean, unknown][] = [];
  const shared = {
    lost: undefined as Error | undefined,
    asked: 0,
    admit: async (...admission: Parameters<MemoryLimiter['admit']>) => {
      shared.asked += 1;
      if (shared.lost !== undefined) throw new LimiterLostError(shared.lost);
      return memory.admit(...admission);
    },
    peek: async (question: HeadroomQuestion) => {
      if (shared.lost !== undefined) throw new LimiterLostError(shared.lost);
      return memory.peek(question);
    },
  };
  const onChange = (lost: boolean, cause?: unknown) => changes.push([lost, cause]);
  const limiter = new FallbackLimiter({ shared, onLost, replicas: 3, clock: time, onChange });
  return { limiter, shared, time, changes };
}

describeLimiter(
  'fallback',
  (time) =>
    new FallbackLimiter({
      shared: new MemoryLimiter(time),
      onLost: 'refuse',
      replicas: 3,
      clock: time,
      onChange: () => assert.fail('nothing was lost'),
    }),
);

describe('fallback limiter', () => {
  test('leaves decisions to the shared limits while they answer', async () => {
    const { limiter, changes } = start('share');
    for (let index = 0; index < 6; index++) admitted(await limiter.admit(ask({ requestsPerMinute: 6 })));
    refused(await limiter.admit(ask({ requestsPerMinute: 6 })));
    assert.deepEqual(changes, []);
  });

  test('refuses with the reason when it is told to', async () => {
    const { limiter, shared } = start('refuse');
    shared.lost = new Error('gone');
    for (let index = 0; index < 2; index++) {
      await assert.rejects(
        limiter.admit(ask({})),
        (error) => error instanceof LimiterLostError && error.cause === shared.lost,
      );
    }
  });

  test('admits its share of every limit when it is told to, at least one', async () => {
    const { limiter, shared } = start('share');
    shared.lost = new Error('gone');
    for (let index = 0; index < 2; index++) admitted(await limiter.admit(ask({ requestsPerMinute: 7 }, 1, 'requests')));
    refused(await limiter.admit(ask({ requestsPerMinute: 7 }, 1, 'requests')));
    admitted(await limiter.admit(ask({ tokensPerMinute: 100 }, 33, 'tokens')));
    refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 1, 'tokens')));
    admitted(await limiter.admit(ask({ concurrentRequests: 2 }, 1, 'concurrency')));
    refused(await limiter.admit(ask({ concurrentRequests: 2 }, 1, 'concurrency')));
  });

  test('says never only to what the whole limit can never hold', async () => {
    const { limiter, shared } = start('share');
    shared.lost = new Error('gone');
    assert.equal(postponed(await limiter.admit(ask({ tokensPerMinute: 100 }, 34))).retryAfterMs, 1000);
    assert.equal(refused(await limiter.admit(ask({ tokensPerMinute: 100 }, 101))).never, true);
    assert.equal(refused(await limiter.admit(ask({ requestsPerMinute: 0 }))).never, true);
  });

  test('tries the shared limits once a second, also when the clock is set back', async () => {
    const { limiter, shared, time } = start('share');
    shared.lost = new Error('gone');
    await limiter.admit(ask({}));
    time.reading -= 3_600_000;
    for (let index = 0; index < 30; index++) {
      await limiter.admit(ask({}));
      time.reading += 100;
    }
    assert.equal(shared.asked, 1 + 2);
  });

  test('tells once that the shared limits are lost, and once that they are found', async () => {
    const { limiter, shared, time, changes } = start('share');
    const cause = new Error('gone');
    shared.lost = cause;
    for (let index = 0; index < 3; index++) {
      await limiter.admit(ask({}));
      time.reading += 1000;
    }
    shared.lost = undefined;
    await limiter.admit(ask({}));
    await limiter.admit(ask({}));
    assert.deepEqual(changes, [
      [true, cause],
      [false, undefined],
    ]);
  });

  test('passes on errors that are not about losing the shared limits', async () => {
    const { limiter, changes } = start('share');
    await assert.rejects(limiter.admit(ask({}, -1)), RangeError);
    assert.deepEqual(changes, []);
  });

  test('shows what is left of its share while the shared limits are lost, or rejects when it must refuse', async () => {
    const sharing = start('share');
    sharing.shared.lost = new Error('gone');
    admitted(await sharing.limiter.admit(ask({ tokensPerMinute: 100 }, 13)));
    assert.deepEqual((await sharing.limiter.peek(ask({ tokensPerMinute: 100 }))).tokens, {
      limit: 33,
      remaining: 20,
      resetMs: 60_000,
    });
    const refusing = start('refuse');
    refusing.shared.lost = new Error('gone');
    for (let index = 0; index < 2; index++) {
      await assert.rejects(
        refusing.limiter.peek(ask({ tokensPerMinute: 100 })),
        (error) => error instanceof LimiterLostError && error.cause === refusing.shared.lost,
      );
    }
  });

  test('learns from a look at what is left that the shared limits are lost, and only from an admission that they are back', async () => {
    const { limiter, shared, time, changes } = start('share');
    shared.lost = new Error('gone');
    await limiter.peek(ask({}));
    assert.equal(limiter.isLost, true);
    shared.lost = undefined;
    time.reading += 1000;
    await limiter.peek(ask({}));
    assert.equal(changes.length, 1);
    await limiter.admit(ask({}));
    assert.equal(changes.length, 2);
  });

  test('learns from a probe at any time whether the shared limits can be asked', async () => {
    const { limiter, shared, changes } = start('refuse');
    await limiter.probe();
    assert.equal(limiter.isLost, false);
    shared.lost = new Error('gone');
    await limiter.probe();
    await limiter.probe();
    assert.equal(limiter.isLost, true);
    shared.lost = undefined;
    await limiter.probe();
    assert.equal(limiter.isLost, false);
    assert.deepEqual(
      changes.map(([lost]) => lost),
      [true, false],
    );
  });
});
