/** Specifies throughput plans: formulas against what is known, forecasts against the server's own limiter. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KitError } from '#client/errors/kit-error.js';
import type { Limits } from '#client/limiter/limiter.js';
import { constant, fromQuantiles, fromSample, linear } from '#client/plan/distribution.js';
import { oracle } from '#client/plan/oracle.js';
import { type PlanOptions, plan } from '#client/plan/plan.js';
import { brakeRates, loadOf, lowerBound } from '#client/plan/throughput.js';
import { seededRandom } from '#client/plan/trace.js';
import { drawTrace } from '#client/plan/workload.js';
import { runAgainstServer } from './server-simulation.js';

const ALIKE = { tokens: { prompt: constant(300), answer: constant(100) }, latency: constant(2000) };

function close(actual: number, expected: number, share: number, what?: string): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not near ${expected} ${what ?? ''}`);
}

describe('a distribution', () => {
  test('of two quantiles has them, and the mean of what is drawn from it', () => {
    const spread = fromQuantiles(300, 900);
    close(spread.quantile(0.5), 300, 1e-6);
    close(spread.quantile(0.95), 900, 1e-6);
    const drawn = Array.from({ length: 20_000 }, (_, index) => spread.quantile((index + 0.5) / 20_000));
    close(drawn.reduce((sum, value) => sum + value, 0) / drawn.length, spread.mean, 0.01);
  });

  test('of a sample has its values', () => {
    const sample = fromSample([5, 1, 3]);
    assert.deepEqual([sample.mean, sample.quantile(0), sample.quantile(0.5), sample.quantile(1)], [3, 1, 3, 5]);
    assert.ok([1, 3, 5].includes(sample.resample!(seededRandom(1)).quantile(0.5)));
  });

  test('that cannot be is refused', () => {
    for (const wrong of [() => fromQuantiles(900, 300), () => fromQuantiles(0, 1), () => fromSample([])])
      assert.throws(wrong, KitError);
  });
});

describe('the most requests a second', () => {
  test('are what the tightest limit lets through, and it is named', () => {
    const cases: [Limits, number, string][] = [
      [{ requestsPerMinute: 300, tokensPerMinute: 1_000_000, concurrency: 100 }, 5, 'requests'],
      [{ requestsPerMinute: 300, tokensPerMinute: 60_000, concurrency: 100 }, 2.5, 'tokens'],
      [{ requestsPerMinute: 300, tokensPerMinute: 1_000_000, concurrency: 3 }, 1.5, 'concurrency'],
    ];
    for (const [limits, perSecond, brake] of cases) {
      const { throughput, rates } = plan({ ...ALIKE, requests: 500, limits });
      assert.deepEqual([throughput.perSecond, throughput.brake, rates[0]?.brake], [perSecond, brake, brake]);
    }
  });

  test('can be what you keep open yourself, and the plan says how many would be enough', () => {
    const { throughput, concurrency } = plan({
      ...ALIKE,
      requests: 500,
      limits: { requestsPerMinute: 300 },
      concurrency: 4,
    });
    assert.deepEqual([throughput.perSecond, throughput.brake], [2, 'own-concurrency']);
    assert.deepEqual(concurrency, { needed: 10, given: 4 });
  });

  test('are without a limit where there is none', () => {
    const { throughput, rates } = plan({ ...ALIKE, requests: 10, limits: {} });
    assert.deepEqual([throughput.perSecond, throughput.brake, rates], [Number.POSITIVE_INFINITY, undefined, []]);
  });

  test('are fewer where endpoints set more aside for answers than they have', () => {
    const workload = {
      prompt: constant(300),
      answer: constant(100),
      latency: constant(6000),
      answerMax: constant(1100),
    };
    const [rate] = brakeRates(loadOf(drawTrace(workload, 100, 1, true)), { tokensPerMinute: 60_000 });
    assert.equal(rate?.perSecond, 60_000 / (60 * 400 + 6 * 1000));
  });
});

test('nobody is faster than the bound, not even who knows everything', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 40; round += 1) {
    const workload = {
      prompt: fromQuantiles(200, 900),
      answer: fromQuantiles(100, 300),
      latency: fromQuantiles(1500, 6000),
    };
    const limits = {
      requestsPerMinute: Math.ceil(random() * 300),
      tokensPerMinute: 6000 + Math.ceil(random() * 200_000),
      concurrency: Math.ceil(random() * 60),
    };
    const trace = drawTrace(workload, 1 + Math.floor(random() * 400), round, false);
    const { ms } = lowerBound(trace, limits);
    assert.ok(ms <= oracle(trace, { limits }) + 1e-6, JSON.stringify(limits));
  }
});

test('the same plan is the same again', () => {
  const options: PlanOptions = {
    requests: 700,
    tokens: { prompt: fromQuantiles(300, 900), answer: fromSample([50, 80, 200]) },
    latency: fromQuantiles(1000, 3000),
    limits: { requestsPerMinute: 200 },
  };
  assert.deepEqual(plan(options), plan(options));
});

describe('the forecast is what the limiter of the server makes of it:', () => {
  const random = seededRandom(11);
  const between = (low: number, high: number) => Math.round(low * (high / low) ** random());
  for (let round = 0; round < 24; round += 1) {
    const [prompt, answer] = [between(50, 2000), between(20, 800)];
    const most = random() < 0.6 ? Math.ceil(answer * (3 + 3 * random())) : undefined;
    const largest = prompt * 8 + (most ?? answer * 9);
    const limits: Limits = {
      ...(round % 4 !== 1 && { requestsPerMinute: between(10, 2000) }),
      ...(round % 4 !== 0 && { tokensPerMinute: between(largest * 2, largest * 200) }),
      ...(round % 4 !== 2 && { concurrency: between(2, 300) }),
    };
    const answers = fromQuantiles(answer, answer * (1 + 2 * random()));
    const latency = linear(answers, between(100, 2000), between(2, 30));
    const tokens = {
      prompt: fromQuantiles(prompt, prompt * (1 + 3 * random())),
      answer: answers,
      ...(most !== undefined && { answerMax: constant(most) }),
    };
    const requests = between(50, 1500);
    test(`${requests} requests within ${JSON.stringify(limits)}`, () => {
      const { time, load } = plan({ requests, tokens, latency, limits });
      const runs = [101, 102, 103].map((seed) =>
        runAgainstServer(drawTrace({ ...tokens, latency }, requests, seed, false), limits),
      );
      const [, median = Number.NaN] = runs.map(({ finishedAt }) => finishedAt).sort((one, other) => one - other);
      // How long the very last answers take is chance.
      const allowedMs = 0.04 * median + load.latencyMs.p95;
      assert.ok(Math.abs(time.p50Ms - median) <= allowedMs, `${time.p50Ms} ms foretold, ${median} ms taken`);
      assert.ok(time.p50Ms <= time.p95Ms);
    });
  }
});

describe('of many requests a part stands for all:', () => {
  const answer = fromQuantiles(150, 420);
  const workload = {
    prompt: fromQuantiles(300, 900),
    answer,
    latency: linear(answer, 800, 15),
    answerMax: constant(600),
  };
  const cases: Limits[] = [
    { requestsPerMinute: 500, tokensPerMinute: 1_000_000, concurrency: 50 },
    { requestsPerMinute: 10_000, tokensPerMinute: 30_000_000, concurrency: 500 },
    { requestsPerMinute: 10_000, tokensPerMinute: 1_000_000 },
    { requestsPerMinute: 10, tokensPerMinute: 20_000, concurrency: 2 },
  ];
  for (const limits of cases) {
    test(JSON.stringify(limits), () => {
      const requests = 20_000;
      const { prompt, latency, answerMax } = workload;
      const { time } = plan({ requests, tokens: { prompt, answer, answerMax }, latency, limits });
      assert.ok(time.playedRequests <= 3000);
      close(time.p50Ms, runAgainstServer(drawTrace(workload, requests, 77, false), limits).finishedAt, 0.05);
    });
  }

  test('a thousand million are planned as fast as a thousand', () => {
    const { prompt, latency } = workload;
    const { time, requests } = plan({
      requests: 1e9,
      tokens: { prompt, answer },
      latency,
      limits: { concurrency: 2500 },
    });
    assert.equal(requests, 1e9);
    close(time.p50Ms, time.least.ms, 0.02);
  });
});

describe('a target', () => {
  const limits = { requestsPerMinute: 300, concurrency: 10 };
  const tiers = [
    { name: 'free', limits: { requestsPerMinute: 10, tokensPerMinute: 20_000, concurrency: 2 } },
    { name: 'scale', limits: { requestsPerMinute: 10_000, tokensPerMinute: 30_000_000, concurrency: 500 } },
    { name: 'none', limits: { requestsPerMinute: 0 } },
    { name: 'unlimited', limits: {} },
  ];

  test('of a rate tells the limits that it needs, by Little, and who has them', () => {
    const { target } = plan({ ...ALIKE, requests: 5000, limits, target: { perSecond: 20 }, tiers });
    assert.deepEqual(target?.neededLimits, { requestsPerMinute: 1200, tokensPerMinute: 480_000, concurrency: 40 });
    assert.equal(target?.isReached, false);
    assert.deepEqual(
      target?.tiers.map(({ isEnough, brake }) => [isEnough, brake]),
      [
        [false, 'requests'],
        [true, 'requests'],
        [false, undefined],
        [true, undefined],
      ],
    );
  });

  test('of a time is reached with the limits that it is said to need', () => {
    for (const minutes of [0.5, 1.5, 4, 60]) {
      const withinMs = minutes * 60_000;
      const { target } = plan({ ...ALIKE, requests: 3000, limits, target: { withinMs } });
      assert.ok(target !== undefined);
      const better = plan({ ...ALIKE, requests: 3000, limits: target.neededLimits, target: { withinMs } });
      assert.ok(better.time.p50Ms <= withinMs * 1.03, `${better.time.p50Ms} of ${withinMs}`);
    }
  });

  test('of less time than an answer takes cannot be', () => {
    const { target } = plan({ ...ALIKE, requests: 10, limits, target: { withinMs: 1000 } });
    assert.deepEqual([target?.isPossible, target?.isReached], [false, false]);
  });
});

test('requests that never fit into a minute are counted', () => {
  const tokens = { prompt: constant(300), answer: constant(100), answerMax: fromSample([100, 100, 100, 5000]) };
  assert.equal(plan({ ...ALIKE, tokens, requests: 400, limits: { tokensPerMinute: 5000 } }).oversized, 100);
});

test('what cannot be planned is refused with what to give', () => {
  assert.throws(() => plan({ ...ALIKE, requests: 0, limits: {} }), /`requests` must be a whole number from 1/);
  assert.throws(() => plan({ ...ALIKE, requests: 1, limits: { concurrency: 0 } }), /limit concurrency is 0/);
  assert.throws(() => plan({ ...ALIKE, requests: 1, limits: {}, target: { withinMs: 0 } }), /more than 0/);
});
