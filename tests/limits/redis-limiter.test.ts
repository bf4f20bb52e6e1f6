/** The limiter in Redis: the contract, several replicas, replicas that crash, a Redis that is away, and what stays behind. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LimiterLostError, type Permit, RedisLimiter, type RedisLimiterOptions } from '#server/limits/index.js';
import { redisIsMissing, startRedis, type TestRedis, type TestRedisClient } from '../support/redis-server.js';
import { describeLimiter } from './limiter-contract.js';
import { admitted, ask, postponed, refused } from './support/decisions.js';
import { ManualTime } from './support/manual-time.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe('Redis', { skip: redisIsMissing }, () => {
  let redis: TestRedis;
  let client: TestRedisClient;
  const opened: RedisLimiter[] = [];

  before(async () => {
    redis = await startRedis();
    client = await redis.connect();
  });

  after(async () => {
    for (const limiter of opened) limiter.close();
    await redis.stop();
  });

  /** A limiter with keys of its own, unless it is given a prefix. */
  const open: Open = (options = {}) => {
    const limiter = new RedisLimiter({ client, prefix: `test-${opened.length}:`, ...options });
    opened.push(limiter);
    return limiter;
  };

  describeLimiter('Redis', (time) => open({ clock: time, leaseMs: DAY_MS }));
  describe('Redis limiter: replicas', () => describeReplicas(open, () => redis));
  describe('Redis limiter: slots', () => describeSlots(open));
  describe('Redis limiter: what it leaves in Redis', () => describeKeys(open, () => client));
  describe('Redis limiter: round trips', () => describeRoundTrips(open, () => client));
});

describe('Redis that goes away', { skip: redisIsMissing }, describeLosses);

type Open = (options?: Partial<RedisLimiterOptions>) => RedisLimiter;

function describeReplicas(open: Open, redis: () => TestRedis): void {
  test("admit together no more than one limiter would, by the server's clock", async () => {
    const clients = await Promise.all([redis().connect(), redis().connect(), redis().connect()]);
    const replicas = clients.map((client) => open({ client, prefix: 'shared:' }));
    const limits = { requestsPerMinute: 50, tokensPerMinute: 400, concurrentRequests: 45 };
    const askAll = async () => {
      const asked = Array.from({ length: 300 }, (_, index) => replicas[index % 3]!.admit(ask(limits, 10)));
      return (await Promise.all(asked)).filter((decision): decision is Permit => decision.admitted);
    };
    const permits = await askAll();
    assert.equal(permits.length, 40, 'tokens for 40');
    await Promise.all(permits.map((permit) => permit.settle(5)));
    assert.equal((await askAll()).length, 10, 'requests for 10 more');
  });

  test('leave what they reserved in the window when they crash', async () => {
    const time = new ManualTime();
    const crashed = open({ prefix: 'crashed:', clock: time });
    admitted(await crashed.admit(ask({ tokensPerMinute: 100 }, 100)));
    crashed.close();
    const other = open({ prefix: 'crashed:', clock: time });
    assert.equal(postponed(await other.admit(ask({ tokensPerMinute: 100 }, 1))).retryAfterMs, MINUTE_MS);
    time.reading += MINUTE_MS;
    admitted(await other.admit(ask({ tokensPerMinute: 100 }, 100)));
  });
}

function describeSlots(open: Open): void {
  const limits = { concurrentRequests: 1 };

  test('are free again one lease after their replica crashed', async () => {
    const time = new ManualTime();
    const crashed = open({ prefix: 'slots:', clock: time, timers: time, leaseMs: 30_000 });
    admitted(await crashed.admit(ask(limits)));
    crashed.close();
    const other = open({ prefix: 'slots:', clock: time });
    time.reading += 29_999;
    refused(await other.admit(ask(limits)));
    time.reading += 1;
    admitted(await other.admit(ask(limits)));
  });

  test('are kept for as long as the request runs', async () => {
    const time = new ManualTime();
    const limiter = open({ clock: time, timers: time, leaseMs: 30_000 });
    const permit = admitted(await limiter.admit(ask(limits)));
    for (let second = 0; second < 120; second++) {
      await time.pass(1000);
      // Goes through the same connection as the renewals, so that time does not run ahead of them.
      refused(await limiter.admit(ask(limits)));
    }
    await permit.settle(1);
    admitted(await limiter.admit(ask(limits)));
  });

  test('that were lost stay lost', async () => {
    const time = new ManualTime();
    const timersOfLate = new ManualTime();
    const late = open({ prefix: 'late:', clock: time, timers: timersOfLate, leaseMs: 30_000 });
    const other = open({ prefix: 'late:', clock: time, leaseMs: DAY_MS });
    admitted(await late.admit(ask(limits)));
    time.reading += 30_000;
    const permit = admitted(await other.admit(ask(limits)));
    await timersOfLate.pass(10_000);
    await permit.settle(1);
    admitted(await other.admit(ask(limits)));
  });

  test('are not renewed once nothing runs', async () => {
    const time = new ManualTime();
    const limiter = open({ clock: time, timers: time, leaseMs: 30_000 });
    await admitted(await limiter.admit(ask(limits))).settle(1);
    await time.pass(60_000);
    assert.equal(time.timers, 0);
  });
}

function describeKeys(open: Open, client: () => TestRedisClient): void {
  const limits = { requestsPerMinute: 5, tokensPerMinute: 100, concurrentRequests: 5 };

  test('carries the account as hash tag in every key', async () => {
    const limiter = open({ prefix: 'tagged:' });
    const permit = admitted(await limiter.admit(ask(limits, 10)));
    await permit.settle(20);
    const keys = await client().keys('tagged:*');
    assert.equal(keys.length, 6, keys.join());
    for (const key of keys) assert.match(key, /^tagged:\{account\}:/);
  });

  test('expires of itself', async () => {
    const limiter = open({ prefix: 'expiring:' });
    admitted(await limiter.admit(ask(limits, 10)));
    await admitted(await limiter.admit(ask(limits, 10))).settle(500);
    refused(await limiter.admit(ask(limits, 10)));
    const keys = await client().keys('expiring:*');
    assert.equal(keys.length, 7, keys.join());
    for (const key of keys) assert.ok((await client().pTTL(key)) > 0, key);
    const owing = await client().pTTL('expiring:{account}:tokens:account');
    assert.ok(owing > 6 * MINUTE_MS && owing <= 7 * MINUTE_MS, `a debt of five windows is kept for ${owing} ms`);
  });

  test('is not written by a look at what is left, however long after', async () => {
    const time = new ManualTime();
    const limiter = open({ prefix: 'looked at:', clock: time });
    await admitted(await limiter.admit(ask(limits, 10))).settle(500);
    const written = await countWrites();
    for (const passMs of [0, 30_000, MINUTE_MS, MINUTE_MS, 10 * MINUTE_MS]) {
      time.reading += passMs;
      await limiter.peek(ask(limits));
      await limiter.peek(ask({ tokensPerMinute: 7 }));
      await limiter.peek(ask(limits, 1, 'unknown'));
    }
    assert.equal(await countWrites(), written);
  });

  /** How often anything was changed in Redis. */
  async function countWrites(): Promise<string | undefined> {
    return /rdb_changes_since_last_save:(\d+)/.exec(await client().info('persistence'))?.[1];
  }

  test('heals when Redis evicts one key of a window and not the other', async () => {
    for (const evicted of ['tokens', 'token-times']) {
      const time = new ManualTime();
      const limiter = open({ prefix: `evicted-${evicted}:`, clock: time });
      admitted(await limiter.admit(ask(limits, 60)));
      await client().del(`evicted-${evicted}:{account}:${evicted}:account`);
      time.reading += 1000;
      admitted(await limiter.admit(ask(limits, 100)));
      refused(await limiter.admit(ask(limits, 1)));
      time.reading += MINUTE_MS;
      admitted(await limiter.admit(ask(limits, 100)));
    }
  });
}

function describeRoundTrips(open: Open, client: () => TestRedisClient): void {
  const limits = { requestsPerMinute: 5, tokensPerMinute: 100, concurrentRequests: 5 };
  const scopes = ['account', 'account/model', 'key', 'key/model'].map((id) => ({ id, limits }));

  /** A client that writes down what it is asked. */
  const counting = (calls: string[]) => ({
    evalSha: (...call: Parameters<TestRedisClient['evalSha']>) => {
      calls.push('evalSha');
      return client().evalSha(...call);
    },
    eval: (...call: Parameters<TestRedisClient['eval']>) => {
      calls.push('eval');
      return client().eval(...call);
    },
  });

  test('takes one round trip to tell what is left, whatever the number of scopes', async () => {
    const calls: string[] = [];
    const limiter = open({ client: counting(calls) });
    await limiter.peek({ account: 'account', scopes });
    calls.length = 0;
    await limiter.peek({ account: 'account', scopes });
    assert.deepEqual(calls, ['evalSha']);
  });

  test('takes one round trip to admit and one to settle, whatever the number of scopes', async () => {
    const calls: string[] = [];
    const limiter = open({ client: counting(calls) });
    await admitted(await limiter.admit({ account: 'account', scopes, tokens: 10 })).settle(20);
    calls.length = 0;
    const permit = admitted(await limiter.admit({ account: 'account', scopes, tokens: 10 }));
    await permit.settle(20);
    await permit.settle(20);
    assert.deepEqual(calls, ['evalSha', 'evalSha']);
  });

  test('sends the script again when the server has forgotten it', async () => {
    const limiter = open();
    const permit = admitted(await limiter.admit(ask(limits, 10)));
    await client().scriptFlush();
    await permit.settle(100);
    await client().scriptFlush();
    refused(await limiter.admit(ask(limits, 1)));
  });
}

function describeLosses(): void {
  const limits = { tokensPerMinute: 100, concurrentRequests: 1 };

  /** A Redis of its own, and a limiter whose timers the test moves. */
  async function withRedis(use: (redis: TestRedis, open: Open, time: ManualTime) => Promise<void>): Promise<void> {
    const redis = await startRedis();
    const opened: RedisLimiter[] = [];
    try {
      const client = await redis.connect();
      const time = new ManualTime();
      await use(
        redis,
        (options) => {
          opened.push(new RedisLimiter({ client, clock: time, timers: time, ...options }));
          return opened.at(-1)!;
        },
        time,
      );
    } finally {
      for (const limiter of opened) limiter.close();
      await redis.stop();
    }
  }

  test('rejects admissions with a LimiterLostError that tells why', () =>
    withRedis(async (redis, open) => {
      const limiter = open();
      await redis.crash();
      await assert.rejects(
        limiter.admit(ask(limits)),
        (error) => error instanceof LimiterLostError && error.cause instanceof Error,
      );
    }));

  test('does not wait for a server that does not answer', () =>
    withRedis(async (redis, open, time) => {
      const limiter = open({ timeoutMs: 200 });
      redis.freeze(true);
      const lost = assert.rejects(limiter.admit(ask(limits)), LimiterLostError);
      await time.pass(200);
      await lost;
      redis.freeze(false);
    }));

  test('sends a settlement again until Redis is back', () =>
    withRedis(async (redis, open, time) => {
      const limiter = open();
      const permit = admitted(await limiter.admit(ask(limits, 10)));
      await redis.crash();
      await permit.settle(60);
      await time.pass(3000);
      await redis.restart();
      await time.pass(1000);
      // The new server knows nothing of the 10 that were reserved.
      assert.equal(refused(await limiter.admit(ask(limits, 101))).headroom.tokens?.remaining, 50);
      await time.pass(MINUTE_MS);
      assert.equal(time.timers, 0, 'it is sent no more');
    }));

  test('does not count a settlement twice that Redis took without answering', () =>
    withRedis(async (redis, open, time) => {
      const limiter = open({ timeoutMs: 200 });
      const permit = admitted(await limiter.admit(ask(limits, 10)));
      redis.freeze(true);
      const settled = permit.settle(60);
      await time.pass(200);
      await settled;
      redis.freeze(false);
      await untilAnswered(limiter);
      await time.pass(5000);
      assert.equal(refused(await limiter.admit(ask(limits, 41))).headroom.tokens?.remaining, 40);
      admitted(await limiter.admit(ask(limits, 40)));
    }));

  test('tells of a settlement that it gives up after five minutes', () =>
    withRedis(async (redis, open, time) => {
      const lost: unknown[] = [];
      const limiter = open({ onSettlementLost: (cause) => lost.push(cause) });
      const permit = admitted(await limiter.admit(ask(limits, 10)));
      await redis.crash();
      await permit.settle(60);
      await time.pass(5 * MINUTE_MS - 1);
      assert.deepEqual(lost, []);
      await time.pass(1000);
      assert.equal(lost.length, 1);
      await time.pass(MINUTE_MS);
      assert.equal(time.timers, 0);
    }));
}

/** Resolves when the server has answered, after everything that was sent before. */
async function untilAnswered(limiter: RedisLimiter): Promise<void> {
  await limiter.admit(ask({ requestsPerMinute: 0 }, 0, 'nobody'));
}
