/** How a pool changes while it works, without dropping a request. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import { settleDown } from '../limits/support/manual-time.js';
import { finish, openPool, withKinds } from './support/open-pool.js';

describe('a change of the configuration', () => {
  test('lets a new engine take work at once, also what waits', async () => {
    const { send, counts, update, engines } = await openPool({ a: { concurrent_requests: 1 } });
    send();
    send();
    update({ engines: withKinds({ a: { concurrent_requests: 1 }, b: {} }) });
    assert.deepEqual(counts(), { a: 1, b: 1 });
    await settleDown();
    assert.equal(engines.b!.probes, 1, 'it was not probed at once');
  });

  test('lets an engine that is gone finish what it works on, gives it nothing new, and then closes it', async () => {
    const { send, on, update, counts, engines, pool } = await openPool({ a: {}, b: {} });
    const { heard } = send();
    update({ engines: withKinds({ b: {} }) });
    send();
    assert.deepEqual(counts(), { a: 1, b: 1 });
    assert.equal(engines.a!.isClosed, false);
    assert.deepEqual(
      pool.state().engines.map(({ name, condition }) => [name, condition]),
      [
        ['b', 'up'],
        ['a', 'draining'],
      ],
    );
    finish(on('a'));
    assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
    assert.equal(engines.a!.isClosed, true);
    assert.equal(pool.state().engines.length, 1);
  });

  test('closes an engine that is gone at once when it has nothing to do', async () => {
    const { update, engines } = await openPool({ a: {}, b: {} });
    update({ engines: withKinds({ b: {} }) });
    assert.equal(engines.a!.isClosed, true);
  });

  test('replaces an engine that is built differently, and lets the old one finish', async () => {
    const { send, on, update, engines } = await openPool({ a: {} });
    send();
    const [old, generation] = [engines.a!, on('a')];
    update({ engines: withKinds({ a: { url: 'http://10.0.0.2/v1' } }) });
    send();
    assert.equal(old.generations.length, 1);
    assert.notEqual(engines.a, old);
    assert.equal(engines.a!.generations.length, 1);
    finish(generation);
    assert.equal(old.isClosed, true);
    assert.equal(engines.a!.isClosed, false);
  });

  test('leaves all others as they are', async () => {
    const { send, on, update, engines, pool } = await openPool({ a: {}, b: {} });
    const before = { ...engines };
    send();
    send();
    on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 9000 });
    pool.drain('b');
    update({ engines: withKinds({ a: {}, b: {} }), retries: 1 });
    assert.deepEqual(engines, before);
    const [a, b] = pool.state().engines;
    assert.equal(a?.condition, 'resting');
    assert.equal(a?.failures.busy, 1);
    assert.equal(b?.condition, 'draining', 'the operator drained it');
  });

  test('takes weight, priority and concurrency over without replacing the engine', async () => {
    const { send, update, engines, pool, outstanding } = await openPool({ a: {} });
    const before = engines.a;
    send();
    update({ engines: withKinds({ a: { weight: 5, priority: 2, concurrent_requests: 2 } }) });
    send();
    send();
    assert.equal(engines.a, before);
    assert.deepEqual(outstanding(), { a: 2 });
    assert.equal(pool.state().waiting, 1);
    assert.equal(pool.state().engines[0]?.weight, 5);
  });

  test('takes the choice, the retries and the queue over', async () => {
    const { send, update, pool } = await openPool({ a: { concurrent_requests: 1 } });
    const engines = withKinds({ a: { concurrent_requests: 1 } });
    update({ engines, choose: 'prefix-affinity', queue: { max_length: 0 } });
    send();
    const { heard } = send();
    await settleDown();
    assert.equal(heard.error?.status, 503);
    assert.equal(pool.state().choose, 'prefix-affinity');
  });

  test('probes in the new interval', async () => {
    const { update, engines, time } = await openPool({ a: {} }, { random: () => 0.5 });
    update({ engines: withKinds({ a: {} }), health_interval_s: 1 });
    await time.pass(3000);
    assert.equal(engines.a!.probes, 4);
  });

  test('lets what refused the operator be tried again', async () => {
    const { send, on, update, counts, alarms } = await openPool({ a: {} });
    send();
    on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'operator' });
    update({ engines: withKinds({ a: {} }) });
    send();
    assert.deepEqual(counts(), { a: 2 });
    finish(on('a'));
    assert.deepEqual(
      alarms.map(({ isRaised }) => isRaised),
      [true, false],
    );
  });

  test('answers those that wait when no engine is left', async () => {
    const { send, update } = await openPool({ a: { concurrent_requests: 1 } });
    send();
    const { heard } = send();
    update({ engines: {} });
    await settleDown();
    assert.equal(heard.error?.status, 503);
  });
});

describe('an operator', () => {
  test('can take work away from an engine and give it back', async () => {
    const { send, on, pool, counts, engines } = await openPool({ a: {}, b: { priority: 2 } });
    send();
    assert.equal(pool.drain('a'), true);
    send();
    finish(on('a'));
    assert.deepEqual(counts(), { a: 1, b: 1 });
    assert.equal(engines.a!.isClosed, false, 'it may come back');
    assert.equal(pool.resume('a'), true);
    send();
    assert.deepEqual(counts(), { a: 2, b: 1 });
  });

  test('is told when there is no engine of that name', async () => {
    const { pool } = await openPool({ a: {} });
    assert.equal(pool.drain('c'), false);
    assert.equal(pool.resume('c'), false);
  });
});

test('closing a pool closes all of its engines, also those that are leaving', async () => {
  const { send, update, engines, pool } = await openPool({ a: {}, b: {} });
  send();
  update({ engines: withKinds({ b: {} }) });
  await pool.close();
  assert.ok(engines.a!.isClosed);
  assert.ok(engines.b!.isClosed);
});
