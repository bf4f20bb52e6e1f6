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
  test('at three failures in a row, and not at two', () => {
    const breaker = createBreaker();
    fail(breaker, 2);
    assert.equal(breaker.isOpen, false);
    breaker.tryEnter()?.succeeded();
    fail(breaker, 2);
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
    await assert.rejects(breaker.whenPassable(forever), (error) => {
      assert.ok(KitError.is(error));
      assert.deepEqual([error.code, error.message, error.status], ['authentication', 'Authentication Fails', 401]);
      return true;
    });
  });
});

const isOpen = (error: unknown) => KitError.is(error) && error.code === 'breaker_open' && error.retryable;

/** A breaker that has just opened; its first probe is due in a second, half of what it is open at most. */
function createOpenBreaker(options: BreakerOptions = {}): Breaker {
  const breaker = createBreaker(options);
  fail(breaker, 3);
  return breaker;
}

describe('an open breaker', () => {
  test('lets one probe go when its time has come', () => {
    const breaker = createOpenBreaker();
    clock.advance(999);
    assert.equal(breaker.tryEnter(), undefined);
    clock.advance(1);
    assert.notEqual(breaker.tryEnter(), undefined);
    assert.equal(breaker.tryEnter(), undefined);
    assert.deepEqual(told, ['opened']);
  });

  test('is open for twice as long after each probe that fails, up to ten seconds', () => {
    const breaker = createOpenBreaker();
    for (const openMs of [1000, 2000, 4000, 5000, 5000]) {
      clock.advance(openMs - 1);
      assert.equal(breaker.tryEnter(), undefined);
      clock.advance(1);
      breaker.tryEnter()?.failed();
    }
    assert.deepEqual(told, ['opened']);
  });

  test('lets the next one probe when a probe says nothing', () => {
    const breaker = createOpenBreaker();
    clock.advance(1000);
    breaker.tryEnter()?.ended();
    assert.notEqual(breaker.tryEnter(), undefined);
  });

  test('turns away at once who does not want to wait, and who could not wait long enough', async () => {
    const breaker = createOpenBreaker();
    await assert.rejects(breaker.whenPassable(forever, 0), isOpen);
    await assert.rejects(breaker.whenPassable(clock.now() + 900), isOpen);
  });

  test('turns everyone away at once when nothing has gone well for two minutes', async () => {
    const breaker = createOpenBreaker();
    const patient = breaker.whenPassable(forever, forever);
    for (let minute = 0; minute < 2; minute++) {
      clock.advance(60_000);
      breaker.tryEnter()?.failed();
    }
    await assert.rejects(breaker.whenPassable(forever), isOpen);
    clock.advance(10_000);
    await patient;
  });

  test('lets a waiter leave with the reason of his signal', async () => {
    const breaker = createOpenBreaker();
    const controller = new AbortController();
    const waiting = breaker.whenPassable(forever, forever, controller.signal);
    controller.abort(new Error('gone'));
    await assert.rejects(waiting, /gone/);
    assert.equal(clock.limits, 0);
  });

  test('does not open longer for attempts that were sent before it opened', () => {
    const breaker = createBreaker();
    const early = Array.from({ length: 20 }, () => breaker.tryEnter());
    for (const entry of early) entry?.failed();
    clock.advance(1000);
    assert.notEqual(breaker.tryEnter(), undefined);
  });
});

describe('a breaker whose probe has succeeded', () => {
  function createRecovering() {
    const breaker = createOpenBreaker();
    clock.advance(1000);
    return { breaker, probe: breaker.tryEnter() };
  }

  test('lets one more go at once for each success, in the order in which they came', async () => {
    const { breaker, probe } = createRecovering();
    let passed = 0;
    const wait = () => void breaker.whenPassable(forever).then(() => passed++);
    for (let number = 0; number < 10; number++) wait();
    probe?.succeeded();
    await new Promise(setImmediate);
    assert.equal(passed, 1);
    const first = breaker.tryEnter();
    assert.equal(breaker.tryEnter(), undefined);
    first?.succeeded();
    await new Promise(setImmediate);
    assert.equal(passed, 3);
  });

  test('lets twice as many go with each half second in which none has failed', () => {
    const { breaker, probe } = createRecovering();
    for (let number = 0; number < 100; number++) void breaker.whenPassable(forever).catch(() => {});
    const fill = () => {
      let entered = 0;
      while (breaker.tryEnter() !== undefined) entered++;
      return entered;
    };
    probe?.succeeded();
    assert.equal(fill(), 1);
    const entered = [0, 0, 0].map(() => {
      clock.advance(500);
      return fill();
    });
    assert.deepEqual(entered, [1, 2, 4]);
  });

  test('opens again at the first failure', async () => {
    const { breaker, probe } = createRecovering();
    probe?.succeeded();
    breaker.tryEnter()?.failed();
    assert.equal(breaker.isOpen, true);
    assert.deepEqual(told, ['opened']);
  });

  test('is closed when nobody waits any more', async () => {
    const { breaker, probe } = createRecovering();
    probe?.succeeded();
    breaker.tryEnter()?.succeeded();
    breaker.tryEnter()?.succeeded();
    assert.deepEqual(told, ['opened', 'closed']);
    fail(breaker, 2);
    assert.equal(breaker.isOpen, false);
  });

  test('calls the next one when the one who was called does not come', async () => {
    const { breaker, probe } = createRecovering();
    let passed = 0;
    for (let number = 0; number < 3; number++) void breaker.whenPassable(forever).then(() => passed++);
    probe?.succeeded();
    await new Promise(setImmediate);
    assert.equal(passed, 1);
    breaker.pass();
    await new Promise(setImmediate);
    assert.equal(passed, 2);
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
