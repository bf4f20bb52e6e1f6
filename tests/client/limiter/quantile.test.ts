/** How long answers are expected to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AnswerLengths } from '#client/limiter/answer-lengths.js';
import { RunningQuantile } from '#client/limiter/quantile.js';
import { seededRandom } from '#client/plan/trace.js';

test('the running quantile of many values is that of the sorted ones, nearly', () => {
  const random = seededRandom(7);
  const quantile = new RunningQuantile(0.8);
  const values = Array.from({ length: 5000 }, () => 100 * Math.exp(random()));
  for (const value of values) quantile.observe(value);
  const exact = values.sort((one, other) => one - other)[4000]!;
  assert.ok(Math.abs(quantile.value! - exact) < exact * 0.02, `${quantile.value} is not near ${exact}`);
});

test('the running quantile stays between the least and the greatest value', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { minLength: 1 }), (values) => {
      const quantile = new RunningQuantile(0.8);
      for (const value of values) quantile.observe(value);
      assert.ok(quantile.value! >= Math.min(...values) && quantile.value! <= Math.max(...values));
    }),
  );
});

test('an answer of which nothing is known may take max_tokens, or 1024 without', () => {
  const lengths = new AnswerLengths();
  assert.equal(lengths.expected(300), 300);
  assert.equal(lengths.expected(undefined), 1024);
});

test('the first answers, which are the short ones, are not believed as they are', () => {
  const lengths = new AnswerLengths();
  for (let answer = 0; answer < 5; answer++) lengths.observe(100, 1000);
  assert.equal(lengths.expected(undefined), 125);
});

test('no answer is expected to take more than it can', () => {
  const lengths = new AnswerLengths();
  for (let answer = 0; answer < 100; answer++) lengths.observe(500, 1000);
  assert.equal(lengths.expected(200), 200);
  assert.equal(lengths.expected(undefined), 500);
});

test('what is usual now replaces what was usual long ago', () => {
  const lengths = new AnswerLengths();
  for (let answer = 0; answer < 1000; answer++) lengths.observe(2000, 1000);
  for (let answer = 0; answer < 600; answer++) lengths.observe(100, 1000);
  assert.ok(lengths.expected(undefined) < 150);
});

test('answers that take long count more among those that are under way', () => {
  const lengths = new AnswerLengths();
  for (let answer = 0; answer < 100; answer++)
    lengths.observe(answer % 2 === 0 ? 100 : 900, answer % 2 === 0 ? 1000 : 9000);
  const mean = (100 * 1000 + 900 * 9000) / 10_000;
  assert.ok(lengths.expectedTogether(10_000) > mean * 10_000);
  assert.ok(lengths.expectedTogether(10_000) < mean * 10_000 * 1.05);
});
