/** The limiter that the configuration asks for, on a real Redis that comes and goes. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { LimiterLostError } from '#server/limits/index.js';
import { systemClock } from '#server/observe/clock.js';
import { retryDelayMs } from '#server/store/redis/connection.js';
import { openLimiter, type SharedLimitsSettings } from '#server/store/redis/open-shared-limiter.js';
import { admitted, ask, refused } from '../limits/support/decisions.js';
import { redisIsMissing, startRedis, type TestRedis } from '../support/redis-server.js';

const LIMITS = { requestsPerMinute: 4 };

/** A limiter, everything it said, and a way to wait for what it says next. */
async function open(context: TestContext, settings: Partial<SharedLimitsSettings>) {
  const lines: string[] = [];
  const gauge: boolean[] = [];
  let heard = () => {};
  const write = (fields: object, message: string) => {
    lines.push(`${message} ${inspect(fields, { depth: 10 })}`);
    heard();
  };
  const opened = await openLimiter({
    settings: { on_lost: 'refuse', servers: 2, timeout_s: 0.5, ...settings },
    clock: systemClock,
    log: { info: write, warn: write },
    metrics: { sharedLimitsLost: (lost) => gauge.push(lost) },
  });
  context.after(() => opened.close());
  /** Resolves when so many lines have been written. */
  const untilLines = async (count: number) => {
    while (lines.length < count) await new Promise<void>((resolve) => (heard = resolve));
  };
  return { ...opened, lines, gauge, untilLines };
}

async function redisFor(context: TestContext, password?: string): Promise<TestRedis> {
  const redis = await startRedis(password === undefined ? {} : { password });
  context.after(() => redis.stop());
  return redis;
}

describe('limits without a Redis', () => {
  test('are those of this server, and let requests wait', async (context) => {
    const { limiter, lines } = await open(context, {});
    const permit = admitted(await limiter.admit(ask({ concurrentRequests: 1 })));
    refused(await limiter.admit(ask({ concurrentRequests: 1 })));
    const queue = { maxWaitMs: 60_000, maxLength: 1 };
    const waiting = limiter.admit({ ...ask({ concurrentRequests: 1 }), queue });
    await permit.settle(1);
    admitted(await waiting);
    assert.deepEqual(lines, []);
  });
});

describe('an address that is none', () => {
  for (const url of ['redis://:secret@host:99999', 'redis://:secret@[', 'unix://:secret@', 'redis://:secret@host/db']) {
    test(`${url.replace('secret', '…')} is told without the password in it`, async (context) => {
      await assert.rejects(open(context, { redis_url: url }), (error) => {
        assert.match(String(error), /shared_limits\.redis_url is no address of a Redis: write it like/);
        assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /secret/);
        return true;
      });
    });
  }
});

test('an address where nobody answers is told without the password in it', async (context) => {
  const { limiter, lines, gauge } = await open(context, { redis_url: 'redis://user:secret@127.0.0.1:1/3' });
  await assert.rejects(
    async () => limiter.peek(ask(LIMITS)),
    (error) => error instanceof LimiterLostError && !inspect(error, { depth: 10, showHidden: true }).includes('secret'),
  );
  assert.match(lines.join(), /Redis is not connected: connect ECONNREFUSED 127\.0\.0\.1:1/);
  assert.doesNotMatch(lines.join(), /secret/);
  assert.deepEqual(gauge, [true]);
});

describe('limits in Redis', { skip: redisIsMissing }, () => {
  test('are the same for all servers', async (context) => {
    const { url } = await redisFor(context);
    const servers = [await open(context, { redis_url: url }), await open(context, { redis_url: url })];
    for (const { limiter } of [...servers, ...servers]) admitted(await limiter.admit(ask(LIMITS)));
    for (const { limiter } of servers) refused(await limiter.admit(ask(LIMITS)));
    assert.equal((await servers[0]!.limiter.peek(ask(LIMITS))).requests?.remaining, 0);
    assert.deepEqual(servers[0]!.lines, []);
    assert.deepEqual(servers[0]!.gauge, []);
  });

  test('may need a password', async (context) => {
    const { url } = await redisFor(context, 'secret-42');
    const { limiter, lines } = await open(context, { redis_url: url });
    admitted(await limiter.admit(ask(LIMITS)));
    assert.deepEqual(lines, []);
  });

  test('are lost with a wrong password, which is never repeated', async (context) => {
    const { url } = await redisFor(context, 'secret-42');
    const { limiter, lines } = await open(context, { redis_url: url.replace('secret-42', 'wrong-43') });
    await assert.rejects(
      async () => limiter.admit(ask(LIMITS)),
      (error) => {
        assert.ok(error instanceof LimiterLostError);
        assert.match(String(error.cause), /Redis is not connected: .*WRONGPASS/);
        assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /wrong-43/);
        return true;
      },
    );
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]!, /wrong-43/);
  });

  for (const on_lost of ['refuse', 'share'] as const) {
    test(`that cannot be reached at the start are no reason not to start (${on_lost}), and are found later`, async (context) => {
      const redis = await redisFor(context);
      await redis.crash();
      const { limiter, lines, gauge, untilLines } = await open(context, { redis_url: redis.url, on_lost });
      assert.match(lines[0]!, /the shared limits are lost: Redis cannot be asked/);
      assert.match(lines[0]!, /Redis is not connected: connect (?:ENOENT|ECONNREFUSED)/);
      if (on_lost === 'refuse') await assert.rejects(async () => limiter.admit(ask(LIMITS)), LimiterLostError);
      else {
        for (let index = 0; index < 2; index++) admitted(await limiter.admit(ask(LIMITS)));
        refused(await limiter.admit(ask(LIMITS)));
      }
      await redis.restart();
      await untilLines(2);
      assert.match(lines[1]!, /the shared limits are found again/);
      for (let index = 0; index < 4; index++) admitted(await limiter.admit(ask(LIMITS)));
      assert.deepEqual(gauge, [true, false]);
      assert.equal(lines.length, 2);
    });
  }

  test('that are lost and found are told once each time, also while nobody asks for anything', async (context) => {
    const redis = await redisFor(context);
    const { gauge, untilLines } = await open(context, { redis_url: redis.url });
    for (let round = 1; round <= 2; round++) {
      await redis.crash();
      await untilLines(2 * round - 1);
      await redis.restart();
      await untilLines(2 * round);
    }
    assert.deepEqual(gauge, [true, false, true, false]);
  });

  test('are lost when Redis accepts and does not answer', async (context) => {
    const redis = await redisFor(context);
    const { limiter, lines, untilLines } = await open(context, { redis_url: redis.url });
    redis.freeze(true);
    await assert.rejects(async () => limiter.admit(ask(LIMITS)), LimiterLostError);
    assert.match(lines[0]!, /did not answer within 500 ms/);
    redis.freeze(false);
    await untilLines(2);
    admitted(await limiter.admit(ask(LIMITS)));
  });

  test('that can be read but not written are lost until they can be written', async (context) => {
    const redis = await redisFor(context);
    const client = await redis.connect();
    const { limiter, lines, untilLines } = await open(context, { redis_url: redis.url });
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    await assert.rejects(async () => limiter.admit(ask(LIMITS)), LimiterLostError);
    await assert.rejects(async () => limiter.peek(ask(LIMITS)), LimiterLostError);
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    await untilLines(2);
    assert.equal(lines.length, 2);
    admitted(await limiter.admit(ask(LIMITS)));
  });

  test('are let go of when the limiter is closed, lost or not', async (context) => {
    const redis = await redisFor(context);
    const running = await open(context, { redis_url: redis.url });
    await running.close();
    await redis.crash();
    const lost = await open(context, { redis_url: redis.url });
    await lost.close();
    await lost.close();
    assert.equal(running.lines.length, 0);
    assert.equal(lost.lines.length, 1);
  });
});

test('the time between two attempts to connect doubles up to two seconds, and at least half of it is sure', () => {
  for (const [failures, most] of [
    [0, 50],
    [1, 100],
    [4, 800],
    [6, 2000],
    [5000, 2000],
  ] as const) {
    for (let index = 0; index < 100; index++) {
      const delay = retryDelayMs(failures);
      assert.ok(delay >= most / 2 && delay <= most, `${delay} ms after ${failures} failures`);
    }
  }
});
