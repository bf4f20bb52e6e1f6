/** When the breaker opens and closes, who waits for it, and what the incident report says. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Breaker, type BreakerOptions } from '#client/breaker/breaker.js';
import { IncidentLog } from '#client/breaker/incident.js';
import { KitError } from '#client/index.js';
import { SkippingClock } from '../../support/client/skipping-clock.js';

let clock: SkippingClock;
let told: string[];
beforeEach(() => {
  // Every wait of the breaker stands still until a test lets time pass.
  clock = new SkippingClock(0);
  told = [];
});

function createBreaker(options: BreakerOptions = {}): Breaker {
  const listener = { opened: () => told.push('opened'), closed: () => told.push('closed') };
  return new Breaker(clock, () => 0, listener, options);
}

function fail(breaker: Breaker, times = 1): void {
  for (let time = 0; time < times; time++) breaker.tryEnter()?.failed();
}

const forever = Number.POSITIVE_INFINITY;

describe('the breaker opens', () => {
  test('at five failures in a row, and not at four', () => {
    const breaker = createBreaker();
    fail(breaker, 4);
    assert.equal(breaker.isOpen, false);
    breaker.tryEnter()?.succeeded();
    fail(breaker, 4);
    assert.equal(breaker.isOpen, false);
    fail(breaker);
    assert.equal(breaker.isOpen, true);
    assert.equal(breaker.tryEnter(), undefined);
    assert.deepEqual(told, ['opened']);
  });

  test('when half of at least twenty attempts of the last 30 s fail', () => {
    const breaker = createBreaker();
    for (let pair = 0; pair < 9; pair++) {
      breaker.tryEnter()?.succeeded();
      fail(breaker);
    }
    assert.equal(breaker.isOpen, false);
    breaker.tryEnter()?.succeeded();
    fail(breaker);
    assert.equal(breaker.isOpen, true);
  });

  test('not for failures that are older than its window', () => {
    const breaker = createBreaker();
    for (let pair = 0; pair < 30; pair++) {
      breaker.tryEnter()?.succeeded();
      fail(breaker);
      clock.advance(5000);
    }
    assert.equal(breaker.isOpen, false);
  });

  test('not for what says nothing about the endpoint', () => {
    const breaker = createBreaker();
    for (let time = 0; time < 100; time++) breaker.tryEnter()?.ended();
    assert.equal(breaker.isOpen, false);
  });

  test('at once when the key is refused, for everyone', async () => {
    const breaker = createBreaker();
    breaker.tryEnter()?.rejected('authentication', 'Authentication Fails', 401);
    await assert.rejects(breaker.whenPassable(forever, 'wait'), (error) => {
      assert.ok(KitError.is(error));
      assert.deepEqual([error.code, error.message, error.status], ['authentication', 'Authentication Fails', 401]);
      return true;
    });
  });
});

describe('an open breaker', () => {
  test('lets one probe go after 5 s, and closes when it succeeds', () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    clock.advance(4999);
    assert.equal(breaker.tryEnter(), undefined);
    clock.advance(1);
    const probe = breaker.tryEnter();
    assert.equal(probe?.isProbe, true);
    assert.equal(breaker.tryEnter(), undefined);
    probe?.succeeded();
    assert.equal(breaker.isOpen, false);
    assert.deepEqual(told, ['opened', 'closed']);
  });

  test('is open for twice as long after each probe that fails, up to a minute', () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    for (const openMs of [5000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      clock.advance(openMs - 1);
      assert.equal(breaker.tryEnter(), undefined);
      clock.advance(1);
      breaker.tryEnter()?.failed();
    }
    assert.deepEqual(told, ['opened']);
  });

  test('lets the next one probe when a probe says nothing', () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    clock.advance(5000);
    breaker.tryEnter()?.ended();
    assert.equal(breaker.tryEnter()?.isProbe, true);
  });

  test('keeps those who wait until a probe succeeds', async () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    let passed = 0;
    const waiting = Array.from({ length: 3 }, () => breaker.whenPassable(forever, 'wait').then(() => passed++));
    clock.advance(5000);
    const probe = breaker.tryEnter();
    await new Promise(setImmediate);
    const late = breaker.whenPassable(forever, 'wait').then(() => passed++);
    await new Promise(setImmediate);
    probe?.succeeded();
    await Promise.all([...waiting, late]);
    assert.equal(passed, 4);
  });

  test('turns away at once who does not want to wait, and who could not wait long enough', async () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    const isOpen = (error: unknown) => KitError.is(error) && error.code === 'breaker_open' && error.retryable;
    await assert.rejects(breaker.whenPassable(forever, 'fail'), isOpen);
    await assert.rejects(breaker.whenPassable(clock.now() + 4000, 'wait'), isOpen);
  });

  test('lets a waiter leave with the reason of his signal', async () => {
    const breaker = createBreaker();
    fail(breaker, 5);
    const controller = new AbortController();
    const waiting = breaker.whenPassable(forever, 'wait', controller.signal);
    controller.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    assert.equal(clock.limits, 0);
  });

  test('does not open longer for attempts that were sent before it opened', () => {
    const breaker = createBreaker();
    const early = Array.from({ length: 20 }, () => breaker.tryEnter());
    for (const entry of early) entry?.failed();
    clock.advance(5000);
    assert.equal(breaker.tryEnter()?.isProbe, true);
  });
});

describe('an incident report', () => {
  test('tells times, counts, ids and words, and stays small', () => {
    const log = new IncidentLog('https://api.deepseek.com', 'deepseek-chat');
    assert.equal(log.report(), undefined);
    for (let number = 0; number < 1000; number++) {
      log.failed({
        at: 1000 + number,
        status: 500 + (number % 2),
        requestId: `req_${number}`,
        reason: `failed ${number}`,
      });
    }
    log.succeeded(false);
    const report = log.report();
    assert.deepEqual(
      [report?.since, report?.until, report?.attempts, report?.failures, report?.byStatus],
      [1000, 1999, 1001, 1000, { 500: 500, 501: 500 }],
    );
    assert.deepEqual(
      [report?.requestIds.length, report?.requestIds[0], report?.requestIds.at(-1)],
      [20, 'req_0', 'req_999'],
    );
    assert.deepEqual([report?.firstReason, report?.lastReason], ['failed 0', 'failed 999']);
    log.succeeded(true);
    assert.equal(log.report(), undefined);
  });

  test('counts odd statuses together', () => {
    const log = new IncidentLog('https://api.deepseek.com', 'deepseek-chat');
    for (let status = 500; status < 600; status++) log.failed({ at: 1, status, reason: 'odd' });
    const { byStatus = {} } = log.report() ?? {};
    assert.equal(Object.keys(byStatus).length, 21);
    assert.equal(byStatus.other, 80);
  });
});
