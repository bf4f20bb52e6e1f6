/** How a pool finds out that its engines are well, and what it says of itself. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contextLengthExceeded, internalError, serviceUnavailable } from '@plumb/wire';
import { EnginePool } from '#server/engines/pool/pool.js';
import { ManualTime } from '../limits/support/manual-time.js';
import { ended, PlayedEngine } from '../support/played-engine.js';
import { finish, openPool, ProbedEngine } from './support/open-pool.js';

const INTERVAL_MS = 10_000;
/** In the middle: no jitter. */
const random = () => 0.5;

describe('probes', () => {
  test('ask every engine at once and then every interval, with one timer for the pool', async () => {
    const { engines, time } = await openPool({ a: {}, b: {} }, { random });
    assert.deepEqual([engines.a!.probes, engines.b!.probes], [1, 1]);
    assert.equal(time.timers, 1);
    await time.pass(INTERVAL_MS);
    await time.pass(INTERVAL_MS);
    assert.deepEqual([engines.a!.probes, engines.b!.probes], [3, 3]);
  });

  test('come up to a tenth earlier or later each time', async () => {
    for (const [draw, delayMs] of [
      [0, 9000],
      [0.999, 11_000],
    ] as const) {
      const { engines, time } = await openPool({ a: {} }, { random: () => draw });
      await time.pass(delayMs - 10);
      assert.equal(engines.a!.probes, 1);
      await time.pass(10);
      assert.equal(engines.a!.probes, 2);
    }
  });

  for (const health of [{ healthy: false }, new Error('refused'), 'silent'] as const) {
    test(`that fail twice take an engine out, and one that succeeds brings it back (${JSON.stringify(health)})`, async () => {
      const { engines, time, send, counts, logged } = await openPool({ a: {}, b: {} }, { random });
      engines.a!.health = health;
      await time.pass(2 * INTERVAL_MS + 5000);
      send();
      assert.deepEqual(counts(), { a: 0, b: 1 });
      engines.a!.health = { healthy: true };
      await time.pass(INTERVAL_MS);
      send();
      assert.deepEqual(counts(), { a: 1, b: 1 });
      assert.deepEqual(logged, ['an engine keeps failing and gets no more work', 'an engine is well again']);
    });
  }

  test('are given up after 5 s, and told so', async () => {
    const { engines, time, pool } = await openPool({ a: {} }, { random });
    engines.a!.health = 'silent';
    await time.pass(INTERVAL_MS + 4999);
    assert.equal(engines.a!.abandoned, 0);
    await time.pass(1);
    assert.equal(engines.a!.abandoned, 1);
    assert.match(pool.state().engines[0]!.healthDetail ?? '', /did not answer a probe in 5 s/);
  });

  test('end with the pool', async () => {
    const { engines, time, pool } = await openPool({ a: {} }, { random });
    engines.a!.health = 'silent';
    await time.pass(INTERVAL_MS);
    await pool.close();
    assert.equal(engines.a!.abandoned, 1);
    assert.ok(engines.a!.isClosed);
    const { probes } = engines.a!;
    await time.pass(10 * INTERVAL_MS);
    assert.equal(engines.a!.probes, probes);
  });

  test('bring back an engine that fails requests only when its time is over', async () => {
    const { send, on, time, counts } = await openPool({ a: {}, b: { priority: 2 } }, { random });
    for (let request = 0; request < 5; request++) {
      send();
      on('a').sink.onFailure(internalError(undefined));
      finish(on('b'));
    }
    send();
    finish(on('b'));
    assert.deepEqual(counts(), { a: 5, b: 6 });
    await time.pass(5000);
    send();
    finish(on('a'));
    assert.deepEqual(counts(), { a: 6, b: 6 });
  });
});

test('a half-open engine gets one request, and the others when that one is answered', async () => {
  const { send, on, time, counts } = await openPool({ a: {}, b: { priority: 2 } }, { random });
  for (let request = 0; request < 5; request++) {
    send();
    on('a').sink.onFailure(internalError(undefined));
    finish(on('b'));
  }
  await time.pass(5000);
  send();
  const waiting = send();
  assert.deepEqual(counts(), { a: 6, b: 5 });
  assert.equal(waiting.heard.isOver, false);
  finish(on('a', 5));
  assert.deepEqual(counts(), { a: 7, b: 5 });
});

test('never more than half of the engines are out for the share of their failures alone', async () => {
  const { send, on, pool, engines } = await openPool(
    { a: {}, b: {}, c: {}, d: {} },
    {
      settings: { retries: 0 },
      random,
    },
  );
  // Every second request of every engine fails.
  for (let round = 0; round < 30; round++) {
    for (let request = 0; request < 4; request++) send();
    for (const name of Object.keys(engines)) {
      const generation = on(name);
      if (round % 2 === 0) finish(generation);
      else generation.sink.onFailure(internalError(undefined));
    }
  }
  const open = pool.state().engines.filter(({ condition }) => condition === 'open');
  assert.equal(open.length, 2);
});

test('an engine that refuses the operator raises the alarm once and gets no more work', async () => {
  const { send, on, alarms, logged, counts } = await openPool({ a: {}, b: {} }, { random: () => 0 });
  send();
  send();
  send();
  for (const number of [0, 1]) {
    on('a', number).sink.onFailure(serviceUnavailable({ detail: 'balance' }), undefined, { cause: 'operator' });
  }
  assert.deepEqual(alarms, [{ pool: 'pool', engine: 'a', isRaised: true }]);
  assert.equal(logged.length, 2);
  send();
  assert.equal(counts().a, 2);
});

describe('a pool says of itself', () => {
  test('the smallest context that is known of the engines that work', async () => {
    const engines = { a: new ProbedEngine(), b: new ProbedEngine(), c: new ProbedEngine() };
    engines.a.says = { modelName: 'large', contextTokens: 8192 };
    engines.b.says = { modelName: 'large' };
    engines.b.health = { healthy: true, contextTokens: 4096 };
    engines.c.says = { modelName: 'large', contextTokens: 100 };
    const { pool } = await openPool({ a: {}, b: {}, c: { context_tokens: 2048 } }, { engines });
    assert.equal(pool.description()?.contextTokens, 2048);
    pool.drain('c');
    assert.equal(pool.description()?.contextTokens, 4096);
    pool.drain('b');
    assert.equal(pool.description()?.contextTokens, 8192);
    assert.equal(pool.description()?.modelName, 'large');
  });

  test('nothing while none of its engines works', async () => {
    const { pool } = await openPool({ a: {} });
    pool.drain('a');
    assert.equal(pool.description(), undefined);
    pool.resume('a');
    assert.ok(pool.description());
  });

  test('that it completes texts and knows levels of effort when all of them do', async () => {
    const engines = { a: new ProbedEngine(), b: new ProbedEngine() };
    engines.a.says = { modelName: 'able', completesTexts: true, hasEffortLevels: true };
    engines.b.says = { modelName: 'plain' };
    const { pool } = await openPool({ a: {}, b: {} }, { engines });
    const abilities = () => [pool.description()?.completesTexts, pool.description()?.hasEffortLevels];
    assert.deepEqual(abilities(), [false, false]);
    pool.drain('b');
    assert.deepEqual(abilities(), [true, true]);
  });

  test('that it estimates prompts when any of them does', async () => {
    const engines = { a: new ProbedEngine(), b: new ProbedEngine() };
    engines.b.says = { modelName: 'b', estimatesPrompts: true };
    const { pool } = await openPool({ a: {}, b: {} }, { engines });
    assert.equal(pool.description()?.estimatesPrompts, true);
    pool.drain('b');
    assert.equal(pool.description()?.estimatesPrompts, false);
  });

  test('that it is ready when the first of its engines is, and why not when none will be', async () => {
    const engines = { a: new ProbedEngine(), b: new ProbedEngine() };
    engines.a.says = undefined;
    const { pool } = await openPool({ a: {}, b: {} }, { engines });
    assert.equal((await pool.ready()).modelName, 'played by hand');
    const broken = new ProbedEngine();
    broken.says = undefined;
    const hopeless = await openPool({ a: {} }, { engines: { a: broken } });
    await assert.rejects(hopeless.pool.ready(), /It never will be/);
  });
});

test('an engine that cannot be probed is away while it has no description', async () => {
  const engine = new PlayedEngine();
  const time = new ManualTime();
  const settings = { engines: { a: { kind: 'embedded' } } } as const;
  const log = { info() {}, warn() {}, error() {} };
  const members = new Map([['a', { settings: settings.engines.a, builtFrom: 1, create: () => engine }]]);
  const pool = new EnginePool({ name: 'pool', settings, members, clock: time, timers: time, log, random });
  assert.equal(pool.state().engines[0]!.condition, 'up');
  engine.says = undefined;
  assert.equal(pool.description(), undefined);
  assert.equal(pool.state().engines[0]!.condition, 'away');
});

describe('the tokens of a prompt', () => {
  const job = { request: { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] }, thinking: false };
  const count = (tokens: number) => () => Promise.resolve(tokens);

  test('are counted by an engine that does so exactly, if one is up', async () => {
    const { pool, engines } = await openPool({ a: {}, b: {} });
    engines.a!.says = { modelName: 'a', estimatesPrompts: true };
    engines.a!.countPromptTokens = count(99);
    engines.b!.countPromptTokens = count(7);
    assert.equal(await pool.countPromptTokens(job), 7);
    pool.drain('b');
    assert.equal(await pool.countPromptTokens(job), 99);
    pool.drain('a');
    await assert.rejects(async () => pool.countPromptTokens(job), { status: 503 });
  });

  test('are asked of another engine when the first cannot say, but not when the prompt is wrong', async () => {
    const { pool, engines } = await openPool({ a: {}, b: {} });
    engines.a!.countPromptTokens = () => Promise.reject(internalError(undefined));
    engines.b!.countPromptTokens = count(7);
    assert.equal(await pool.countPromptTokens(job), 7);
    engines.a!.countPromptTokens = () => Promise.reject(contextLengthExceeded(1, 2, 3));
    await assert.rejects(async () => pool.countPromptTokens(job), { status: 400 });
  });
});

test('the state shows what each engine has done and does', async () => {
  const { send, on, pool, time } = await openPool({ a: { weight: 2, concurrent_requests: 2 }, b: { priority: 3 } });
  for (const firstEventMs of [100, 300]) {
    send();
    await time.pass(firstEventMs);
    on('a').sink.onEvents(Buffer.from('data: {}\n\n'));
    await time.pass(1000);
    on('a').sink.onEnd(ended({ prompt: 100, cached: 60 }));
  }
  send();
  on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 5000 });
  send();
  const { name, choose, waiting, engines } = pool.state();
  assert.deepEqual({ name, choose, waiting }, { name: 'pool', choose: 'least-outstanding', waiting: 0 });
  const [a, b] = engines;
  assert.deepEqual(a, {
    name: 'a',
    kind: 'vllm',
    condition: 'resting',
    weight: 2,
    priority: 1,
    concurrentRequests: 2,
    outstanding: 0,
    outstandingTokens: 0,
    contextTokens: 1024,
    requests: 3,
    failures: { request: 0, engine: 0, busy: 1, operator: 0 },
    failingShare: 0,
    promptTokens: 200,
    cacheHitTokens: 120,
    firstEventMs: { p50: 100, p95: 300 },
    durationMs: { p50: 1100, p95: 1300 },
    upAgainInMs: 5000,
    isAlarmRaised: false,
    healthDetail: undefined,
  });
  assert.equal(b?.outstanding, 2);
  assert.equal(b?.outstandingTokens, 2 * 105);
});
