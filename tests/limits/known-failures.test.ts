/**
 * Ways in which limiters of other gateways are known to have failed; here each has a test that names it.
 *
 * | no. | failure                                                                | held by                                     |
 * |-----|------------------------------------------------------------------------|---------------------------------------------|
 * | 1   | requests at the same time pass before any of them is charged           | here                                        |
 * | 2   | tokens of streams are not counted                                      | here; the server's tests: both ways settle  |
 * | 3   | tokens are checked against what one replica knows                      | here, in Redis                              |
 * | 4   | the first request of a small limit is refused for a rough guess        | here                                        |
 * | 5   | one of two limits for the answer hides the other                       | here                                        |
 * | 6   | a client that leaves gets back what it used                            | here; the server's tests: settles with what was produced |
 * | 7   | only answers are counted                                               | here; cached tokens' price: the ledger's    |
 * | 8   | a path without limits                                                  | the server's tests                          |
 * | 9   | refused below the limit, or for long after                             | here                                        |
 * | 10  | no Retry-After, or one under another name                              | here; on the wire: the server's tests       |
 * | 11  | what remains never falls                                               | here                                        |
 * | 12  | more is spent than the limit when many spend at once                   | here                                        |
 * | 13  | a pass-through path without limits                                     | the server's tests                          |
 * | 14  | a misspelt limit in the configuration means no limit                   | the configuration's tests                   |
 * | 15  | each of N replicas allows the whole limit                              | here, in Redis and without it               |
 * | 16  | what weights of priority mean when they add up to more than one        | there are none: every account has its own limits |
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  AnswerLengths,
  FallbackLimiter,
  type Limiter,
  LimiterLostError,
  MemoryLimiter,
  type Permit,
  RedisLimiter,
  renderRefusal,
  reserveTokens,
} from '#server/limits/index.js';
import { redisIsMissing, startRedis, type TestRedis } from '../support/redis-server.js';
import { admitted, ask, postponed, refused } from './support/decisions.js';
import { ManualTime } from './support/manual-time.js';

const MINUTE_MS = 60_000;

function start() {
  const time = new ManualTime();
  return { time, limiter: new MemoryLimiter(time) };
}

/** Asks many times at once and returns the permits. */
async function askAtOnce(
  limiters: readonly Limiter[],
  times: number,
  ...request: Parameters<typeof ask>
): Promise<Permit[]> {
  const asked = Array.from({ length: times }, async (_, index) =>
    limiters[index % limiters.length]!.admit(ask(...request)),
  );
  return (await Promise.all(asked)).filter((decision): decision is Permit => decision.admitted);
}

describe('known failures', () => {
  test('1: many requests at the same moment cannot pass together before any of them is charged', async () => {
    const { limiter } = start();
    assert.equal((await askAtOnce([limiter], 50, { tokensPerMinute: 100 }, 13)).length, 7);
  });

  test('2: an answer counts the same whether it was streamed or not, since settling is the only way to end', () => {
    const { limiter } = start();
    void admitted(limiter.admit(ask({ tokensPerMinute: 100 }, 10))).settle(95);
    refused(limiter.admit(ask({ tokensPerMinute: 100 }, 10)));
  });

  test('4: the first request of a small limit is not refused for a guess about its answer', () => {
    const { limiter } = start();
    const scopes = [{ id: 'account', limits: { tokensPerMinute: 200 } }];
    const typicalAnswerTokens = new AnswerLengths().typical('account', 'model');
    const tokens = reserveTokens({ promptTokens: 150, mostAnswerTokens: 100_000, typicalAnswerTokens, scopes });
    admitted(limiter.admit({ account: 'account', scopes, tokens }));
  });

  test('5: one of max_tokens and max_completion_tokens does not hide the other', () => {
    const scopes = [{ id: 'account', limits: { tokensPerMinute: 100_000 } }];
    const bounds = { promptTokens: 10, mostAnswerTokens: 100_000, typicalAnswerTokens: undefined, scopes };
    assert.equal(reserveTokens({ ...bounds, maxTokens: 1, maxCompletionTokens: 10_000 }), 11);
    // Whoever generates more than the smaller one pays for it all the same.
    const { limiter } = start();
    void admitted(limiter.admit(ask({ tokensPerMinute: 1000 }, 11))).settle(10_010);
    assert.equal(postponed(limiter.admit(ask({ tokensPerMinute: 1000 }, 1))).retryAfterMs, 10 * MINUTE_MS);
  });

  test('6: a client that leaves gets back only what was not produced', () => {
    const { limiter } = start();
    const permit = admitted(limiter.admit(ask({ tokensPerMinute: 100 }, 100)));
    void permit.settle(40);
    void permit.settle(0);
    assert.equal(refused(limiter.admit(ask({ tokensPerMinute: 100 }, 61))).headroom.tokens?.remaining, 60);
  });

  test('7: the prompt counts as well as the answer', () => {
    const scopes = [{ id: 'account', limits: { tokensPerMinute: 1000 } }];
    const bounds = { mostAnswerTokens: 1000, typicalAnswerTokens: 5, scopes };
    assert.equal(reserveTokens({ ...bounds, promptTokens: 700, maxTokens: 300 }), 1000);
    assert.equal(reserveTokens({ ...bounds, promptTokens: 700 }), 705);
  });

  test('9: the whole limit can be used, and all of it is there again after exactly 60 s', () => {
    const { limiter, time } = start();
    const limits = { requestsPerMinute: 100, tokensPerMinute: 1000 };
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 100; index++) void admitted(limiter.admit(ask(limits, 10))).settle(10);
      // Being refused does not make it longer.
      for (let index = 0; index < 100; index++) refused(limiter.admit(ask(limits, 10)));
      time.reading += MINUTE_MS;
    }
  });

  test('10: every refusal says when to come again, in the headers that clients read', () => {
    const { limiter, time } = start();
    for (const limits of [{ requestsPerMinute: 1 }, { tokensPerMinute: 1 }, { concurrentRequests: 1 }]) {
      const id = JSON.stringify(limits);
      admitted(limiter.admit(ask(limits, 1, id)));
      time.reading += 1;
      const headers = renderRefusal(refused(limiter.admit(ask(limits, 1, id))));
      assert.ok(Number(headers['retry-after-ms']) > 0 && Number(headers['retry-after']) > 0, id);
    }
  });

  test('11: what remains falls with every request, and rises as it is given back', () => {
    const { limiter, time } = start();
    const limits = { requestsPerMinute: 5, tokensPerMinute: 50 };
    const permits = [1, 2, 3].map(() => admitted(limiter.admit(ask(limits, 10))));
    assert.deepEqual(
      permits.map(({ headroom }) => headroom.requests?.remaining),
      [4, 3, 2],
    );
    assert.deepEqual(
      permits.map(({ headroom }) => headroom.tokens?.remaining),
      [40, 30, 20],
    );
    permits[0]!.settle(2);
    assert.equal(admitted(limiter.admit(ask(limits, 0))).headroom.tokens?.remaining, 28);
    time.reading += MINUTE_MS;
    assert.equal(admitted(limiter.admit(ask(limits, 0))).headroom.tokens?.remaining, 50);
  });

  test('12: nothing is spent beyond the limit, however many spend at once', async () => {
    const { limiter } = start();
    const permits = await askAtOnce([limiter], 66, { tokensPerMinute: 2, concurrentRequests: 10 });
    assert.equal(permits.length, 2);
  });

  test('15: without Redis a replica allows its share, not the whole limit', async () => {
    const { time } = start();
    const lose = () => Promise.reject(new LimiterLostError(new Error('gone')));
    const shared: Limiter = { admit: lose, peek: lose };
    const replicas = [1, 2, 3].map(
      () => new FallbackLimiter({ shared, onLost: 'share', replicas: 3, clock: time, onChange: () => {} }),
    );
    assert.equal((await askAtOnce(replicas, 100, { requestsPerMinute: 30 })).length, 30);
  });
});

describe('known failures of several replicas', { skip: redisIsMissing }, () => {
  let redis: TestRedis;
  const replicas: RedisLimiter[] = [];

  before(async () => {
    redis = await startRedis();
    for (let index = 0; index < 3; index++) replicas.push(new RedisLimiter({ client: await redis.connect() }));
  });

  after(async () => {
    for (const replica of replicas) replica.close();
    await redis.stop();
  });

  test('3: tokens that one replica admitted are known to the others at once', async () => {
    assert.equal((await askAtOnce(replicas, 60, { tokensPerMinute: 100 }, 9, 'tokens')).length, 11);
  });

  test('15: three replicas allow one limit, not three', async () => {
    assert.equal((await askAtOnce(replicas, 60, { requestsPerMinute: 10 }, 1, 'requests')).length, 10);
    assert.equal((await askAtOnce(replicas, 60, { concurrentRequests: 10 }, 1, 'slots')).length, 10);
  });
});
