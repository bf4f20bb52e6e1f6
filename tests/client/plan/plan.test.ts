/** The simulated endpoint and the oracle, with figures that can be worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Job, oracle, SimulatedEndpoint, seededRandom, simulate, VirtualClock } from '#client/plan/index.js';

const JOB: Job = { at: 0, promptTokens: 50, answerTokens: 50, durationMs: 1000 };
const jobs = (count: number, job: Partial<Job> = {}) => Array.from({ length: count }, () => ({ ...JOB, ...job }));

test('the oracle needs a minute for each time that the limit of requests is used up', () => {
  const behaviour = { limits: { requestsPerMinute: 10 } };
  assert.deepEqual(
    [10, 11, 20, 21].map((count) => oracle(jobs(count), behaviour)),
    [1000, 61_000, 61_000, 121_000],
  );
});

test('the oracle fills all places, and waits for tokens and for the end of an outage', () => {
  assert.equal(oracle(jobs(10), { limits: { concurrency: 4 } }), 3000);
  assert.equal(oracle(jobs(6), { limits: { tokensPerMinute: 250 } }), 121_000);
  assert.equal(oracle(jobs(1), { limits: {}, outages: [[0, 5000]] }), 6000);
});

test('an endpoint admits as much as its limits and says when there is more', () => {
  const endpoint = new SimulatedEndpoint({ limits: { requestsPerMinute: 2, concurrency: 5 } });
  endpoint.admit(JOB, 1000);
  endpoint.admit(JOB, 2000);
  assert.deepEqual(endpoint.judge(JOB, 3000), { axis: 'requests', waitMs: 58_000 });
  assert.deepEqual(endpoint.judge(JOB, 60_999), { axis: 'requests', waitMs: 1 });
  assert.equal(endpoint.judge(JOB, 61_000), undefined);
});

test('an endpoint that sets max_tokens aside gives back what was not used', () => {
  const endpoint = new SimulatedEndpoint({ limits: { tokensPerMinute: 400 }, charge: 'reserved' });
  const job = { ...JOB, answerTokensMax: 250 };
  const running = endpoint.admit(job, 0);
  assert.equal(endpoint.judge(job, 500)?.axis, 'tokens');
  endpoint.complete(running, 1000);
  assert.equal(endpoint.judge(job, 1000), undefined);
});

test('a simulation is the same each time', () => {
  const run = () => simulate(jobs(40), { limits: { requestsPerMinute: 30 } }, {}, { delayMs: [1, 90], seed: 3 });
  assert.deepEqual(run().arrivals, run().arrivals);
});

test('a virtual clock does what is due in the order of its times, and nothing that was called off', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ delay: fc.nat(100), isCalledOff: fc.boolean() })), (calls) => {
      const clock = new VirtualClock();
      const done: number[] = [];
      for (const { delay, isCalledOff } of calls) {
        const callOff = clock.after(delay, () => done.push(clock.now()));
        if (isCalledOff) callOff();
      }
      while (clock.step());
      const expected = calls.filter(({ isCalledOff }) => !isCalledOff).map(({ delay }) => delay);
      assert.deepEqual(
        done,
        expected.sort((one, other) => one - other),
      );
    }),
  );
});

test('seeded numbers are spread evenly between 0 and 1', () => {
  const random = seededRandom(1);
  const numbers = Array.from({ length: 10_000 }, random);
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  assert.ok(Math.abs(numbers.reduce((sum, number) => sum + number, 0) / 10_000 - 0.5) < 0.02);
});
