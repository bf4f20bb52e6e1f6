/** What a pool does with requests for which no engine has a place. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import { settleDown } from '../limits/support/manual-time.js';
import { finish, openPool } from './support/open-pool.js';

describe('a request that finds all engines full', () => {
  test('waits, and goes as soon as a place is free', async () => {
    const { send, on, pool } = await openPool({ a: { concurrent_requests: 2 } });
    send({ id: '1' });
    send({ id: '2' });
    const { heard } = send({ id: '3' });
    assert.equal(pool.state().waiting, 1);
    finish(on('a', 0));
    assert.equal(on('a').job.id, '3');
    finish(on('a'));
    assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
    assert.equal(pool.state().waiting, 0);
  });

  test('is 503 with Retry-After when too many wait, from how fast places become free', async () => {
    const { send, on, time } = await openPool(
      { a: { concurrent_requests: 1 } },
      { settings: { queue: { max_length: 1 } } },
    );
    for (let second = 0; second < 30; second += 3) {
      send();
      await time.pass(3000);
      finish(on('a'));
    }
    send();
    send();
    const { heard } = send();
    await settleDown();
    assert.equal(heard.error?.status, 503);
    // A place became free every 3 s, and one waits before it.
    assert.equal(heard.retryAfter, '6');
  });

  test('is told at least 1 s', async () => {
    const settings = { queue: { max_length: 0 } };
    const { send } = await openPool({ a: { concurrent_requests: 1 } }, { settings });
    send();
    const { heard } = send();
    await settleDown();
    assert.equal(heard.retryAfter, '1');
  });

  test('is 503 when it has waited for as long as it may', async () => {
    const settings = { queue: { max_wait_s: 5 }, health_interval_s: 3600 };
    const { send, time, on, counts } = await openPool({ a: { concurrent_requests: 1 } }, { settings });
    send();
    const { heard } = send();
    await time.pass(4999);
    assert.equal(heard.isOver, false);
    await time.pass(1);
    assert.equal(heard.error?.status, 503);
    assert.ok(Number(heard.retryAfter) >= 1);
    finish(on('a'));
    assert.deepEqual(counts(), { a: 1 });
  });

  test('does not overtake those who wait', async () => {
    const { send, on, engines } = await openPool({ a: { concurrent_requests: 1 } });
    send({ id: '1' });
    send({ id: '2' });
    const first = on('a');
    const onEnd = first.sink.onEnd.bind(first.sink);
    first.sink.onEnd = (end) => {
      onEnd(end);
      send({ id: '3' });
    };
    finish(first);
    assert.equal(engines.a!.generations[1]?.job.id, '2');
  });

  test('has its turn among accounts, whatever others send', async () => {
    const { send, on, engines } = await openPool({ a: { concurrent_requests: 1 } });
    send({ account: 'many' });
    for (let request = 0; request < 50; request++) send({ account: 'many', maxTokens: 5000 });
    send({ account: 'one', maxTokens: 5000 });
    for (let request = 0; request < 3; request++) finish(on('a'));
    const accounts = engines.a!.generations.map(({ job }) => job.account);
    assert.ok(accounts.includes('one'), accounts.join());
  });
});

describe('who waits', () => {
  test('is 503 as soon as no engine is up any more', async () => {
    const { send, on } = await openPool({ a: { concurrent_requests: 1 } });
    send();
    const { heard } = send();
    on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 4000 });
    await settleDown();
    assert.equal(heard.error?.status, 503);
    assert.equal(heard.retryAfter, '4');
  });

  test('goes to an engine that has rested, as soon as it has', async () => {
    const { send, on, time, counts } = await openPool({ a: { concurrent_requests: 1 }, b: { concurrent_requests: 1 } });
    send();
    send();
    on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 4000 });
    // The first waits for b, the other one for either.
    send({ id: 'other' });
    await time.pass(3999);
    assert.deepEqual(counts(), { a: 1, b: 1 });
    await time.pass(1);
    assert.equal(on('a').job.id, 'other');
  });

  test('goes to an engine that the operator lets work again', async () => {
    const { send, pool, counts } = await openPool({ a: { concurrent_requests: 1 }, b: {} });
    pool.drain('b');
    send();
    send();
    pool.resume('b');
    assert.deepEqual(counts(), { a: 1, b: 1 });
  });

  test('is 503 when the server shuts down', async () => {
    const { send, pool } = await openPool({ a: { concurrent_requests: 1 } });
    send();
    const waiting = send().heard;
    await pool.close();
    const late = send().heard;
    await settleDown();
    assert.equal(waiting.error?.status, 503);
    assert.equal(late.error?.status, 503);
  });
});

test('an engine that rests gets no work until then', async () => {
  const { send, on, time, counts } = await openPool({ a: {}, b: {} });
  send();
  on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 4000 });
  finish(on('b'));
  await time.pass(3999);
  send();
  finish(on('b'));
  assert.deepEqual(counts(), { a: 1, b: 2 });
  await time.pass(1);
  send();
  assert.deepEqual(counts(), { a: 2, b: 2 });
});
