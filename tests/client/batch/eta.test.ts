/** Specifies the forecast of the end: by the windows of the limits, as the lower bound of a rolling window has it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinuteRing, windowDelayMs } from '#client/batch/eta.js';

const NOTHING = Array<number>(60).fill(0);

test('what fits in the window can begin at once', () => {
  assert.equal(windowDelayMs(300, 300, NOTHING), 0);
});

test('twice as much as the window holds takes one window more', () => {
  assert.equal(windowDelayMs(600, 300, NOTHING), 60_000);
  assert.equal(windowDelayMs(601, 300, NOTHING), 120_000);
});

test('room opens a minute after its own use', () => {
  const recent = [...NOTHING];
  recent[10] = 100;
  recent[40] = 200;
  assert.equal(windowDelayMs(100, 300, recent), 10_000);
  assert.equal(windowDelayMs(101, 300, recent), 40_000);
  assert.equal(windowDelayMs(400, 300, recent), 70_000);
});

test('without a limit there is no delay', () => {
  assert.equal(windowDelayMs(1e9, Number.POSITIVE_INFINITY, NOTHING), 0);
});

test('the ring forgets what is older than a minute', () => {
  const ring = new MinuteRing();
  ring.add(1_000_000_000_000, 1, 10);
  ring.add(1_000_000_030_000, 2, 20);
  assert.equal(ring.read(1_000_000_059_000).requests[0], 1);
  const later = ring.read(1_000_000_061_000);
  assert.equal(
    later.requests.reduce((sum, value) => sum + value, 0),
    2,
  );
  assert.equal(
    ring.read(1_000_001_000_000).tokens.reduce((sum, value) => sum + value, 0),
    0,
  );
});
