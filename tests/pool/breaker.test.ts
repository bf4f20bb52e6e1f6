/** When an engine gets no more work because it fails, and how it comes back. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Breaker, type Trial } from '#server/engines/pool/breaker.js';
import { ManualTime } from '../limits/support/manual-time.js';

let time: ManualTime;
let breaker: Breaker;
let mayOpenByRate: boolean;
let alarms: boolean[];
let changes: boolean[];
beforeEach(() => {
  time = new ManualTime();
  mayOpenByRate = true;
  alarms = [];
  changes = [];
  breaker = new Breaker({
    clock: time,
    mayOpenByRate: () => mayOpenByRate,
    onChange: (isOpen) => changes.push(isOpen),
    onAlarm: (isRaised) => alarms.push(isRaised),
  });
});

function fail(times: number): void {
  for (let time = 0; time < times; time++) breaker.failed(breaker.begin());
}

function succeed(times = 1): void {
  for (let time = 0; time < times; time++) breaker.succeeded(breaker.begin());
}

function begin(): Trial | undefined {
  assert.ok(breaker.isPassable);
  return breaker.begin();
}

describe('a closed breaker', () => {
  test('opens at the fifth failure in a row', () => {
    fail(4);
    assert.equal(breaker.state, 'closed');
    fail(1);
    assert.equal(breaker.state, 'open');
    assert.equal(breaker.isPassable, false);
    assert.deepEqual(changes, [true]);
  });

  test('does not open when a success comes between', () => {
    fail(4);
    succeed();
    fail(4);
    assert.equal(breaker.state, 'closed');
  });

  test('opens when half of at least 20 requests in 30 s have failed', () => {
    for (let pair = 0; pair < 9; pair++) {
      succeed();
      fail(1);
    }
    succeed();
    assert.equal(breaker.state, 'closed');
    fail(1);
    assert.equal(breaker.state, 'open');
    assert.equal(breaker.isOpenByRate, true);
  });

  test('does not open for a share of failures that is longer ago', async () => {
    for (let pair = 0; pair < 9; pair++) {
      succeed();
      fail(1);
    }
    await time.pass(31_000);
    succeed();
    fail(1);
    assert.equal(breaker.state, 'closed');
    assert.equal(breaker.failingShare, 0.5);
  });

  test('does not open by the share of failures while its pool does not let it', () => {
    mayOpenByRate = false;
    for (let pair = 0; pair < 20; pair++) {
      succeed();
      fail(1);
    }
    assert.equal(breaker.state, 'closed');
    fail(4);
    assert.equal(breaker.state, 'open', 'in a row it opens all the same');
  });

  test('opens at the second probe in a row that fails, unless a request succeeded between them', () => {
    breaker.probed(false);
    succeed();
    breaker.probed(false);
    assert.equal(breaker.state, 'closed');
    breaker.probed(false);
    assert.equal(breaker.state, 'open');
  });

  test('is not kept closed by probes that succeed while requests fail', () => {
    fail(3);
    breaker.probed(true);
    fail(2);
    assert.equal(breaker.state, 'open');
  });
});

describe('an open breaker', () => {
  test('lets one request through after 5 s, and closes with its first event', async () => {
    fail(5);
    await time.pass(4999);
    assert.equal(breaker.isPassable, false);
    await time.pass(1);
    assert.equal(breaker.state, 'half-open');
    const trial = begin();
    assert.equal(breaker.isPassable, false, 'a second one came through');
    breaker.answered(trial);
    assert.equal(breaker.state, 'closed');
    assert.deepEqual(changes, [true, false]);
  });

  test('opens again for twice as long when that request fails, up to 5 minutes', async () => {
    fail(5);
    for (const openMs of [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      await time.pass(openMs - 1);
      assert.equal(breaker.isPassable, false, `${openMs}`);
      await time.pass(1);
      breaker.failed(begin());
    }
    assert.deepEqual(changes, [true]);
  });

  test('is open for 5 s again once a request has succeeded, not merely begun to answer', async () => {
    fail(5);
    await time.pass(5000);
    const trial = begin();
    breaker.answered(trial);
    breaker.failed(trial);
    fail(4);
    await time.pass(9999);
    assert.equal(breaker.state, 'open');
    await time.pass(1);
    succeed();
    fail(5);
    await time.pass(5000);
    assert.equal(breaker.state, 'half-open');
  });

  test('lets another request through when the first was given up', async () => {
    fail(5);
    await time.pass(5000);
    breaker.ended(begin());
    assert.equal(breaker.state, 'half-open');
    assert.ok(breaker.isPassable);
  });

  test('is not moved by requests that began before it opened', async () => {
    const [early, late] = [begin(), begin()];
    fail(5);
    breaker.succeeded(early);
    assert.equal(breaker.state, 'open');
    await time.pass(5000);
    breaker.failed(late);
    assert.equal(breaker.state, 'half-open');
  });

  test('closes with a probe that succeeds when its time is over', async () => {
    fail(5);
    breaker.probed(true);
    assert.equal(breaker.state, 'open', 'it says nothing new: requests failed while probes did not');
    await time.pass(5000);
    breaker.probed(true);
    assert.equal(breaker.state, 'closed');
  });

  test('closes earlier with a probe that succeeds after one that failed', async () => {
    fail(5);
    breaker.probed(false);
    breaker.probed(true);
    assert.equal(breaker.state, 'closed');
  });

  test('opens again for twice as long with a probe that fails when its time is over', async () => {
    fail(5);
    await time.pass(5000);
    breaker.probed(false);
    await time.pass(9999);
    assert.equal(breaker.state, 'open');
    await time.pass(1);
    assert.equal(breaker.state, 'half-open');
  });

  test('begins to count anew when it closes', async () => {
    fail(20);
    await time.pass(5000);
    succeed();
    fail(4);
    assert.equal(breaker.state, 'closed');
  });
});

describe('an engine that refuses the operator', () => {
  test('gets no more work at once, and the operator hears of it once', async () => {
    const [one, other] = [begin(), begin()];
    breaker.refused(one, 'no balance');
    breaker.refused(other, 'no balance');
    assert.equal(breaker.state, 'refused');
    assert.deepEqual(alarms, [true]);
    await time.pass(3_600_000);
    assert.equal(breaker.isPassable, false, 'time alone does not pay');
  });

  test('may try one request after a probe found it well; the alarm ends when that one is answered', async () => {
    breaker.refused(begin(), 'no balance');
    breaker.probed(true);
    assert.equal(breaker.state, 'refused', 'a probe that always succeeds says nothing new before its time');
    await time.pass(5000);
    breaker.probed(true);
    assert.equal(breaker.state, 'half-open');
    assert.deepEqual(alarms, [true]);
    breaker.answered(begin());
    assert.equal(breaker.state, 'closed');
    assert.deepEqual(alarms, [true, false]);
  });

  test('is refused again without another alarm, and for longer', async () => {
    breaker.refused(begin(), 'no balance');
    await time.pass(5000);
    breaker.probed(true);
    breaker.refused(begin(), 'no balance');
    await time.pass(9999);
    breaker.probed(true);
    assert.equal(breaker.state, 'refused');
    await time.pass(1);
    breaker.probed(true);
    assert.equal(breaker.state, 'half-open');
    assert.deepEqual(alarms, [true]);
  });

  test('may try at once when the configuration is loaded again', () => {
    breaker.refused(begin(), 'no balance');
    breaker.reload();
    assert.equal(breaker.state, 'half-open');
  });

  test('is no alarm any more when it leaves the pool', () => {
    breaker.refused(begin(), 'no balance');
    breaker.retire();
    assert.deepEqual(alarms, [true, false]);
  });
});
