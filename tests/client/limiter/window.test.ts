/** The rolling window against the plainest possible one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Rate, RollingWindow } from '#client/limiter/window.js';

interface PlainEntry {
  at: number;
  requests: number;
  tokens: number;
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), later: fc.nat(50), requests: fc.nat(3), tokens: fc.nat(100) }),
  fc.record({ kind: fc.constant('advance' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant('correct' as const), entry: fc.nat(200), tokens: fc.nat(100) }),
);

test('a rolling window says the same as a list of all entries, after every step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(200), (steps, amount) => {
      const window = new RollingWindow();
      const plain: PlainEntry[] = [];
      let now = 0;
      let leftUntil = -1;
      for (const action of steps) {
        if (action.kind === 'add') {
          now = Math.max(now + action.later, leftUntil + 1);
          window.add(now, action.requests, action.tokens);
          plain.push({ at: now, requests: action.requests, tokens: action.tokens });
        } else if (action.kind === 'advance') {
          leftUntil = Math.max(leftUntil, Math.floor(now * action.share));
          window.advance(leftUntil, -1);
        } else {
          window.correct(action.entry, 'tokens', action.tokens);
          const entry = plain[action.entry];
          if (entry !== undefined) entry.tokens = action.tokens;
        }
        for (const rate of ['requests', 'tokens'] as const) compare(window, plain, rate, leftUntil, amount + 1);
      }
    }),
    { numRuns: 200 },
  );
});

test('two windows together let an amount go at the time at which both have let go so much', () => {
  const [ours, theirs] = [new RollingWindow(), new RollingWindow()];
  for (const at of [10, 30, 50]) ours.add(at, 1, 0);
  for (const at of [20, 40, 60]) theirs.add(at, 1, 0);
  const times = [1, 2, 3, 4, 5, 6, 7].map((amount) => ours.timeOfAmount('requests', amount, theirs));
  assert.deepEqual(times, [10, 20, 30, 40, 50, 60, undefined]);
});

function compare(window: RollingWindow, plain: PlainEntry[], rate: Rate, leftUntil: number, amount: number): void {
  const counted = plain.filter(({ at }) => at > leftUntil);
  const sum = (entries: PlainEntry[]) => entries.reduce((total, entry) => total + entry[rate], 0);
  assert.equal(window.used(rate), sum(counted));
  assert.equal(window.oldestAt, counted[0]?.at);
  let left = amount;
  const reached = counted.find((entry) => {
    left -= entry[rate];
    return left <= 0;
  });
  assert.equal(window.timeOfAmount(rate, amount), reached?.at);
  assert.equal(window.addedAfter(rate, leftUntil / 2), sum(plain.filter(({ at }) => at > leftUntil / 2)));
  const justLeft = plain.filter(({ at }) => at <= leftUntil && at > leftUntil / 2);
  assert.equal(window.leftSince(rate, leftUntil / 2), sum(justLeft));
}
