/** What becomes of a request whose engine fails: tried on another one, as long as nothing has reached its client. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { internalError, invalidRequest, rateLimited, serviceUnavailable, timedOut } from '@plumb/wire';
import { settleDown } from '../limits/support/manual-time.js';
import { contentEvent, ended } from '../support/played-engine.js';
import { finish, openPool } from './support/open-pool.js';

const broken = () => timedOut('The engine did not answer in time.');
const ENGINE = { cause: 'engine' } as const;
const BUSY = { cause: 'busy' } as const;
const OPERATOR = { cause: 'operator' } as const;
const REQUEST = { cause: 'request' } as const;

describe('a request whose engine fails before anything has reached the client', () => {
  for (const reason of [ENGINE, BUSY, OPERATOR]) {
    test(`is tried on another one when the cause is \`${reason.cause}\``, async () => {
      const { send, on } = await openPool({ a: {}, b: {} });
      const { heard } = send();
      on('a').sink.onBegun();
      on('a').sink.onFailure(broken(), undefined, reason);
      finish(on('b'));
      assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
    });
  }

  test('is not tried again when it is the request itself that is wrong', async () => {
    const { send, on, counts } = await openPool({ a: {}, b: {} });
    const { heard } = send();
    const error = invalidRequest('Too long.');
    on('a').sink.onFailure(error, undefined, REQUEST);
    assert.equal(heard.error, error);
    assert.deepEqual(counts(), { a: 1, b: 0 });
  });

  test('is the request’s own fault below 500 and the engine’s from there on, when the engine does not say', async () => {
    const { send, on, counts } = await openPool({ a: {}, b: {} });
    send();
    on('a').sink.onFailure(rateLimited('Too much.'));
    assert.deepEqual(counts(), { a: 1, b: 0 });
    send();
    on('a').sink.onFailure(internalError(undefined));
    assert.deepEqual(counts(), { a: 2, b: 1 });
  });

  test('is tried at most as often as `retries` allows, each time on another engine', async () => {
    const { send, on, counts } = await openPool({ a: {}, b: {}, c: {}, d: {} }, { settings: { retries: 2 } });
    const { heard } = send();
    for (const engine of ['a', 'b', 'c']) on(engine).sink.onFailure(broken(), undefined, ENGINE);
    assert.deepEqual(counts(), { a: 1, b: 1, c: 1, d: 0 });
    assert.equal(heard.error?.status, 504);
    assert.deepEqual(heard.heard, ['failure']);
  });

  test('is not tried again on the engine that failed, even if there is no other', async () => {
    const { send, on, counts } = await openPool({ a: {} });
    const { heard } = send();
    on('a').sink.onFailure(broken(), undefined, ENGINE);
    assert.equal(heard.error?.status, 504);
    assert.deepEqual(counts(), { a: 1 });
  });

  test('is not tried again when the budget of retries is spent', async () => {
    const { send, on, time } = await openPool({ a: {}, b: {} }, { settings: { retry_budget_percent: 20 } });
    // 10 in a minute are always allowed; 20 % of the 14 requests here are another 2.
    for (let request = 1; request <= 14; request++) {
      const { heard } = send();
      finish(on('a'));
      assert.ok(heard.end);
    }
    let tried = 0;
    for (let request = 1; request <= 20; request++) {
      const { heard } = send();
      on('a').sink.onFailure(serviceUnavailable(), undefined, { cause: 'busy', retryAfterMs: 1 });
      if (!heard.isOver) {
        tried += 1;
        finish(on('b'));
      }
      await time.pass(1);
    }
    // Each of the 20 counts as a request too: the 17th retry finds 34 requests, of which 20 % are 6.
    assert.equal(tried, 16);
  });

  test('waits for another engine when that one has as many as it works on', async () => {
    const { send, on, counts, outstanding } = await openPool({ a: {}, b: { concurrent_requests: 1 } }, {});
    send();
    send();
    assert.deepEqual(outstanding(), { a: 1, b: 1 });
    const { heard } = { heard: send().heard };
    on('a', 1).sink.onFailure(broken(), undefined, ENGINE);
    assert.equal(heard.isOver, false);
    assert.deepEqual(counts(), { a: 2, b: 1 });
    finish(on('b'));
    finish(on('b'));
    assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
  });

  test('goes before those that still wait for their first try', async () => {
    const { send, on, engines } = await openPool({ a: { concurrent_requests: 1 }, b: { concurrent_requests: 1 } });
    send({ id: 'first' });
    send({ id: 'second' });
    send({ id: 'waiting' });
    on('a').sink.onFailure(broken(), undefined, ENGINE);
    // The place on a is for who waits, since the first was there already; the next on b is for the first.
    assert.equal(on('a').job.id, 'waiting');
    send({ id: 'later' });
    finish(on('b'));
    assert.deepEqual(
      engines.b!.generations.map(({ job }) => job.id),
      ['second', 'first'],
    );
  });

  test('fails when the last engine that it could be tried on goes down while it waits', async () => {
    const { send, on, pool } = await openPool({ a: {}, b: { concurrent_requests: 1 } });
    send();
    send();
    const { heard } = send();
    on('a', 1).sink.onFailure(broken(), undefined, ENGINE);
    pool.drain('b');
    await settleDown();
    assert.equal(heard.error?.status, 503);
    assert.deepEqual(heard.heard, ['failure']);
  });
});

describe('a failure after the first event', () => {
  test('is passed on with what had been produced, and not tried again', async () => {
    const { send, on, counts } = await openPool({ a: {}, b: {} });
    const { heard } = send();
    const { usage } = ended({ completion: 7 });
    const error = broken();
    on('a').sink.onBegun();
    on('a').sink.onEvents(contentEvent('Hi'));
    on('a').sink.onFailure(error, usage, ENGINE);
    assert.deepEqual(heard.heard, ['begun', 'events', 'failure']);
    assert.equal(heard.error, error);
    assert.equal(heard.usage, usage);
    assert.deepEqual(heard.reason, ENGINE);
    assert.deepEqual(counts(), { a: 1, b: 0 });
  });
});

describe('what the client is told when all has failed', () => {
  test('is 503 with the earliest time that an engine named, when all of them have too much to do', async () => {
    const { send, on } = await openPool({ a: {}, b: {} });
    const { heard } = send();
    on('a').sink.onFailure(rateLimited('Too much.'), undefined, { cause: 'busy', retryAfterMs: 20_000 });
    on('b').sink.onFailure(rateLimited('Too much.'), undefined, { cause: 'busy', retryAfterMs: 7000 });
    assert.equal(heard.error?.status, 503);
    assert.equal(heard.retryAfter, '7');
    const next = send().heard;
    await settleDown();
    assert.equal(next.error?.status, 503);
    assert.equal(next.retryAfter, '7');
  });

  test('passes on a longer time than a minute too', async () => {
    const { send, on } = await openPool({ a: {} });
    const { heard } = send();
    on('a').sink.onFailure(rateLimited('Too much.'), undefined, { cause: 'busy', retryAfterMs: 120_000 });
    assert.equal(heard.retryAfter, '120');
  });

  test('is 503, and nothing of what the engine said, when it refuses the operator', async () => {
    const { send, on } = await openPool({ a: {} });
    const { heard } = send();
    on('a').sink.onFailure(invalidRequest('Insufficient Balance'), undefined, OPERATOR);
    assert.equal(heard.error?.status, 503);
    assert.doesNotMatch(heard.error?.message ?? '', /Balance/);
  });

  test('is 503 at once when no engine is up, with the time of the next probe', async () => {
    const { send, pool, time } = await openPool({ a: {} }, { settings: { health_interval_s: 30 }, random: () => 0.5 });
    pool.drain('a');
    await time.pass(12_000);
    const { heard } = send();
    await settleDown();
    assert.equal(heard.error?.status, 503);
    assert.equal(heard.retryAfter, '18');
  });
});

describe('giving up', () => {
  test('during a try stops the engine, and whatever it then says is the end', async () => {
    const { send, on, counts, outstanding } = await openPool({ a: {}, b: {} });
    const { heard, running } = send();
    running.abort();
    running.abort();
    assert.equal(on('a').aborted, true);
    await settleDown();
    assert.equal(heard.end?.finishReason, 'aborted');
    assert.deepEqual(heard.heard, ['end']);
    assert.deepEqual(counts(), { a: 1, b: 0 });
    assert.deepEqual(outstanding(), { a: 0, b: 0 });
  });

  test('is not followed by another try, and does not count against the engine', async () => {
    const { send, on, pool, counts } = await openPool({ a: {}, b: {} });
    const { heard, running } = send();
    running.abort();
    on('a').sink.onFailure(broken(), undefined, ENGINE);
    await settleDown();
    assert.deepEqual(heard.heard, ['failure']);
    assert.deepEqual(counts(), { a: 1, b: 0 });
    assert.equal(pool.state().engines[0]!.failures.engine, 0);
  });

  test('while waiting takes it out of the queue', async () => {
    const { send, on, pool, counts } = await openPool({ a: { concurrent_requests: 1 } });
    send();
    const { heard, running } = send();
    assert.equal(pool.state().waiting, 1);
    running.abort();
    assert.equal(heard.isOver, false, 'the ending came before abort had returned');
    await settleDown();
    assert.equal(heard.error?.status, 503);
    assert.equal(pool.state().waiting, 0);
    finish(on('a'));
    assert.deepEqual(counts(), { a: 1 });
  });

  test('between two tries ends it', async () => {
    const { send, on, counts } = await openPool({ a: {}, b: { concurrent_requests: 1 } });
    send();
    send();
    const { heard, running } = send();
    on('a', 1).sink.onFailure(broken(), undefined, ENGINE);
    running.abort();
    await settleDown();
    assert.deepEqual(heard.heard, ['failure']);
    finish(on('b'));
    assert.deepEqual(counts(), { a: 2, b: 1 });
  });

  test('while the next engine takes it on reaches that engine', async () => {
    const { send, on, engines } = await openPool({ a: {}, b: {} });
    const sent = send();
    const { heard } = sent;
    heard.onBegun = () => sent.running.abort();
    const generate = engines.b!.generate.bind(engines.b);
    engines.b!.generate = (job, sink) => {
      const running = generate(job, sink);
      sink.onBegun();
      return running;
    };
    on('a').sink.onFailure(broken(), undefined, ENGINE);
    await settleDown();
    assert.equal(on('b').aborted, true);
    assert.deepEqual(heard.heard, ['end']);
  });

  test('after the end does nothing', async () => {
    const { send, on } = await openPool({ a: {} });
    const { heard, running } = send();
    finish(on('a'));
    running.abort();
    await settleDown();
    assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
  });
});

test('holding up and going on again reach the engine that the request is on', async () => {
  const { send, on, engines } = await openPool({ a: {}, b: {} });
  const { running } = send();
  on('a').sink.onFailure(broken(), undefined, ENGINE);
  running.pause?.();
  assert.equal(engines.b!.pauses, 1);
  running.resume?.();
  assert.equal(engines.b!.pauses, 0);
  assert.equal(engines.a!.pauses, 0);
});

test('an engine that ends a generation twice is heard once', async () => {
  const { send, on, outstanding } = await openPool({ a: {} });
  const { heard } = send();
  finish(on('a'));
  on('a').sink.onFailure(broken(), undefined, ENGINE);
  on('a').sink.onEnd(ended());
  assert.deepEqual(heard.heard, ['begun', 'events', 'end']);
  assert.deepEqual(outstanding(), { a: 0 });
});
