/** Workers on a PostgreSQL and a Redis: each uses them itself, and they are as exact. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { postgresIsMissing, startPostgres, type TestPostgres } from '../support/postgres-server.js';
import { redisIsMissing, startRedis, type TestRedis } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { ANSWER, SpawnedWorkers } from './support/spawn-workers.js';

let redis: TestRedis;
let postgres: TestPostgres;
before(async () => {
  if (redisIsMissing || postgresIsMissing) return;
  [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
});
after(async () => {
  await redis?.stop();
  await postgres?.stop();
});

describe('two workers on a PostgreSQL and a Redis', { skip: redisIsMissing || postgresIsMissing }, () => {
  test('admit exactly the limit, pay once, and release at once what one of them held that was killed', async (context) => {
    const settings = {
      tiers: { tested: { requests_per_minute: 25 } },
      default_tier: 'tested',
      database: { url: await postgres.createDatabase(), connections: 6 },
      shared_limits: { redis_url: redis.url, timeout_s: 10 },
    };
    const gate = Promise.withResolvers<void>();
    const workers = await SpawnedWorkers.start(context, { settings });
    const first = await workers.chats(20);
    assert.ok(first.every(({ status }) => status === 200));
    workers.upstream.answerChat(() => ({ ...ANSWER, before: [gate.promise] }));
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => workers.chat()));
    await until('five more run', () => workers.chatsOfEngine === 25);
    const [killed = 0] = await workers.processIds(2);
    process.kill(killed, 'SIGKILL');
    await workers.processIds(3);
    gate.resolve();
    const outcomes = (await asked).map((each) => (each.status === 'fulfilled' ? each.value.status : 'broken'));
    const answered = outcomes.filter((outcome) => outcome === 200).length;
    assert.ok(answered <= 5 && outcomes.every((outcome) => outcome === 200 || outcome === 429 || outcome === 'broken'));
    assert.equal((await workers.chat()).status, 429);
    assert.equal((await workers.operator.usage()).length, 20 + answered);
    await workers.operator.assertSettled();
  });
});
