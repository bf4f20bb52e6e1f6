/** How many retries a pool may make. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryBudget } from '#server/engines/pool/retry-budget.js';
import { ManualTime } from '../limits/support/manual-time.js';

function takeAll(budget: RetryBudget): number {
  let taken = 0;
  while (budget.take()) taken += 1;
  return taken;
}

test('ten retries in a minute are always allowed', () => {
  assert.equal(takeAll(new RetryBudget(new ManualTime(), 20)), 10);
});

test('beyond that, the given share of the requests of the last minute', () => {
  const budget = new RetryBudget(new ManualTime(), 20);
  for (let request = 0; request < 1000; request++) budget.countRequest();
  assert.equal(takeAll(budget), 210);
});

test('a minute later requests and retries are forgotten', async () => {
  const time = new ManualTime();
  const budget = new RetryBudget(time, 20);
  for (let request = 0; request < 1000; request++) budget.countRequest();
  takeAll(budget);
  await time.pass(59_000);
  assert.equal(takeAll(budget), 0);
  await time.pass(2000);
  assert.equal(takeAll(budget), 10);
});

test('0 per cent allow none', () => {
  assert.equal(takeAll(new RetryBudget(new ManualTime(), 0)), 0);
});
