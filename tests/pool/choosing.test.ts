/** Which engine of a pool a request goes to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { internalError } from '@plumb/wire';
import { LeastOutstanding } from '#server/engines/pool/choose/least-outstanding.js';
import { settleDown } from '../limits/support/manual-time.js';
import { finish, openPool } from './support/open-pool.js';

describe('by default a request goes', () => {
  test('where the fewest tokens are outstanding, not the fewest requests', async () => {
    const { send, counts } = await openPool({ a: {}, b: {} });
    send({ maxTokens: 5000 });
    for (let request = 0; request < 5; request++) send({ maxTokens: 100 });
    assert.deepEqual(counts(), { a: 1, b: 5 });
  });

  test('where least is outstanding for the weight', async () => {
    const { send, counts } = await openPool({ a: { weight: 3 }, b: {} });
    for (let request = 0; request < 40; request++) send();
    assert.deepEqual(counts(), { a: 30, b: 10 });
  });

  test('among equals at random, by weight', () => {
    const draws = [0, 0.2, 0.24, 0.26, 0.5, 0.99];
    const choice = new LeastOutstanding(() => draws.shift()!);
    const candidates = [
      { name: 'a', weight: 1, outstandingTokens: 0 },
      { name: 'b', weight: 3, outstandingTokens: 0 },
    ];
    const chosen = Array.from({ length: 6 }, () => choice.choose(candidates).name);
    assert.deepEqual(chosen, ['a', 'a', 'a', 'b', 'b', 'b']);
  });

  test('never where as many requests are as the engine works on', async () => {
    const { send, outstanding, pool } = await openPool({
      a: { concurrent_requests: 1, weight: 100 },
      b: { concurrent_requests: 2 },
    });
    for (let request = 0; request < 5; request++) send();
    assert.deepEqual(outstanding(), { a: 1, b: 2 });
    assert.equal(pool.state().waiting, 2);
  });
});

describe('engines of a higher priority number', () => {
  test('are not used while one of a lower one is up, even if it is full', async () => {
    const { send, counts, pool } = await openPool({ first: { concurrent_requests: 1 }, second: { priority: 2 } });
    send();
    send();
    assert.deepEqual(counts(), { first: 1, second: 0 });
    assert.equal(pool.state().waiting, 1);
  });

  test('are used when all of the lower ones are out', async () => {
    const { send, counts, pool } = await openPool({ first: {}, other: {}, second: { priority: 2 } });
    pool.drain('first');
    pool.drain('other');
    send();
    assert.deepEqual(counts(), { first: 0, other: 0, second: 1 });
  });

  test('are used for a request that has failed on all of the lower ones', async () => {
    const { send, counts, on } = await openPool({ first: {}, second: { priority: 2 } });
    const { heard } = send();
    on('first').sink.onFailure(internalError(undefined));
    finish(on('second'));
    assert.ok(heard.end);
    assert.deepEqual(counts(), { first: 1, second: 1 });
  });
});

test('a pool with prefix affinity keeps a conversation on one engine', async () => {
  const { send, on, counts } = await openPool({ a: {}, b: {}, c: {} }, { settings: { choose: 'prefix-affinity' } });
  for (let turn = 0; turn < 20; turn++) {
    const { heard } = send({ text: 'The same beginning.' });
    for (const engine of ['a', 'b', 'c']) if (on(engine) !== undefined && !heard.isOver) finish(on(engine));
    await settleDown();
  }
  assert.equal(Math.max(...Object.values(counts())), 20);
});
