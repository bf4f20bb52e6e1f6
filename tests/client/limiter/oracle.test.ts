/** The limiter against the best that can be done, in virtual time, at an endpoint with exact rolling windows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LimiterOptions } from '#client/limiter/create-limiter.js';
import type { Limits } from '#client/limiter/limiter.js';
import { oracle } from '#client/plan/oracle.js';
import { type SimulationResult, simulate, simulateClients } from '#client/plan/simulate.js';
import type { EndpointBehaviour } from '#client/plan/simulated-endpoint.js';
import type { Trace } from '#client/plan/trace.js';
import { batch, together } from '../../support/client/batches.js';

const REQUESTS: Limits = { requestsPerMinute: 300, concurrency: 100 };
const TOKENS: Limits = { requestsPerMinute: 300, tokensPerMinute: 150_000, concurrency: 100 };
const CONCURRENCY: Limits = { concurrency: 39 };
/** A way of 5 ms there and back. */
const CALM = { delayMs: [5, 5] } as const;
/** Every request takes another time to arrive, up to the first guard. */
const UNSTEADY = { delayMs: [5, 200] } as const;
/** With answers of 1000 tokens, of which 2000 could come. */
const LONG = { promptTokens: 200, answerTokens: 800, answerTokensMax: 2000 };
const TWO_BURSTS = together(batch(300, { at: 45_000 }), batch(300, { at: 62_000, seed: 2 }));
const OUTAGE = { outages: [[20_000, 50_000]] } as const;

/** Each with the limits that its endpoint has. */
const SCENARIOS: readonly (readonly [name: string, trace: Trace, behaviour: EndpointBehaviour])[] = [
  ['requests', batch(600), { limits: REQUESTS }],
  ['tokens, counted at once', batch(400, { ...LONG, answerTokensMax: 1200 }), { limits: TOKENS }],
  [
    'tokens, with max_tokens set aside and headers',
    batch(400, LONG),
    { limits: TOKENS, charge: 'reserved', hasHeaders: true },
  ],
  ['concurrency', batch(400), { limits: CONCURRENCY }],
  ['two bursts', TWO_BURSTS, { limits: REQUESTS }],
  ['an outage of 30 s', batch(900), { limits: REQUESTS, ...OUTAGE }],
  ['an outage of 30 s while concurrency binds', batch(900), { limits: CONCURRENCY, ...OUTAGE }],
];

describe('with limits that are told', () => {
  for (const [name, trace, behaviour] of SCENARIOS) {
    test(`is never refused and takes at most 1.02 times as long as the oracle: ${name}`, () => {
      const result = simulate(trace, behaviour, { limits: behaviour.limits }, CALM);
      requireAllDone(result, trace);
      assert.equal(result.refusals, 0);
      requireRatio(result.finishedAt / oracleOver(trace, behaviour, CALM), 1.02);
    });

    test(`is never refused where requests take up to 200 ms to arrive: ${name}`, () => {
      const result = simulate(trace, behaviour, { limits: behaviour.limits }, UNSTEADY);
      requireAllDone(result, trace);
      assert.equal(result.refusals, 0);
      requireRatio(result.finishedAt / oracleOver(trace, behaviour, UNSTEADY), 1.03);
    });
  }

  test('never sends more than the limit of requests in any 60 s as the endpoint sees it, whatever comes', () => {
    const limits = fc.record({
      requestsPerMinute: fc.integer({ min: 1, max: 60 }),
      concurrency: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(limits, arbitraryTrace, fc.nat(), (told, trace, seed) => {
        const result = simulate(trace, { limits: told }, { limits: told }, { ...UNSTEADY, seed });
        requireAllDone(result, trace);
        assert.equal(result.refusals, 0);
        assert.ok(mostInAnyWindow(result.arrivals.map(({ at }) => [at, 1])) <= told.requestsPerMinute);
      }),
      { numRuns: 150 },
    );
  });

  test('never holds more tokens than the limit where max_tokens is set aside, whatever comes', () => {
    const limits = fc.record({
      tokensPerMinute: fc.integer({ min: 1500, max: 20_000 }),
      concurrency: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(limits, arbitraryTrace, fc.nat(), (told, trace, seed) => {
        const behaviour = { limits: told, charge: 'reserved' } as const;
        const result = simulate(trace, behaviour, { limits: told, charge: 'reservation' }, { ...UNSTEADY, seed });
        requireAllDone(result, trace);
        assert.equal(result.refusals, 0);
        const used = result.arrivals.map(({ at, job }) => [at, job.promptTokens + job.answerTokens] as const);
        assert.ok(mostInAnyWindow(used) <= told.tokensPerMinute);
      }),
      { numRuns: 150 },
    );
  });

  test('leaves the margin free', () => {
    const trace = batch(300);
    const result = simulate(trace, { limits: REQUESTS }, { limits: REQUESTS, margin: 10 }, CALM);
    assert.equal(mostInAnyWindow(result.arrivals.map(({ at }) => [at, 1])), 270);
  });

  test('spreads requests evenly when the shape is smooth', () => {
    const trace = batch(100);
    const { arrivals } = simulate(trace, { limits: REQUESTS }, { limits: REQUESTS, shape: 'smooth' }, CALM);
    const gaps = arrivals.slice(1).map(({ at }, index) => at - arrivals[index]!.at);
    assert.ok(gaps.every((gap) => Math.abs(gap - 200) < 0.01));
  });

  test('counts tokens when answers are complete for an endpoint that does so', () => {
    const trace = batch(400, { ...LONG, durationMs: 20_000 });
    const result = simulate(
      trace,
      { limits: TOKENS, charge: 'completed' },
      { limits: TOKENS, charge: 'completion' },
      CALM,
    );
    requireAllDone(result, trace);
    const used = result.results.map(
      ({ finishedAt, job }) => [finishedAt, job.promptTokens + job.answerTokens] as const,
    );
    assert.ok(mostInAnyWindow(used) <= 150_000 * 1.01);
  });
});

describe('with limits that must be learnt', () => {
  const hints = [
    ['a hint in ms', { retryAfter: 'ms' }],
    ['a hint in seconds', { retryAfter: 'seconds' }],
    ['no hint', { retryAfter: 'none' }],
  ] as const;
  for (const [name, trace, behaviour] of SCENARIOS) {
    for (const [hint, told] of hints) {
      test(`takes at most 1.10 times as long as the oracle, and loses nothing: ${name}, ${hint}`, () => {
        const endpoint = { ...behaviour, ...told };
        const result = simulate(trace, endpoint, {}, CALM);
        requireAllDone(result, trace);
        requireRatio(result.finishedAt / oracleOver(trace, endpoint, CALM), 1.1);
        assert.ok(result.refusals <= 150, `${result.refusals} refusals`);
      });
    }
  }

  test('finds the limit of concurrency that a refusal names', () => {
    const result = simulate(batch(400), { limits: CONCURRENCY }, {}, CALM);
    const concurrency = result.snapshots[0]?.axes.find(({ axis }) => axis === 'concurrency');
    assert.deepEqual([concurrency?.limit, concurrency?.origin], [39, 'header']);
    assert.ok(result.refusals <= 40, `${result.refusals} refusals`);
  });

  test('finds a limit of concurrency that nobody names', () => {
    const endpoint = { limits: CONCURRENCY, says: 'nothing', retryAfter: 'none' } as const;
    const result = simulate(batch(400), endpoint, {}, CALM);
    requireRatio(result.finishedAt / oracleOver(batch(400), endpoint, CALM), 1.1);
  });

  test('finds a limit of requests that nobody names, beside a concurrency that is told', () => {
    const endpoint = { limits: REQUESTS, says: 'nothing', retryAfter: 'none' } as const;
    const result = simulate(batch(600), endpoint, { limits: { concurrency: 100 } }, CALM);
    assert.equal(result.snapshots[0]?.axes[0]?.limit, 300);
    requireRatio(result.finishedAt / oracleOver(batch(600), endpoint, CALM), 1.02);
  });
});

describe('beside a second process with the same key that it knows nothing of', () => {
  const clients: readonly (readonly [name: string, traces: readonly Trace[]])[] = [
    ['as much as the first', [batch(600), batch(600, { seed: 5 })]],
    ['a burst in the middle', [batch(900), batch(200, { seed: 5, at: 20_000 })]],
  ];
  const endpoints: readonly (readonly [name: string, behaviour: EndpointBehaviour])[] = [
    ['hints in ms', { limits: REQUESTS, retryAfter: 'ms' }],
    ['no hints', { limits: REQUESTS, retryAfter: 'none' }],
    ['hints and headers', { limits: REQUESTS, retryAfter: 'ms', hasHeaders: true }],
    ['headers alone', { limits: REQUESTS, retryAfter: 'none', hasHeaders: true }],
  ];
  const knowledge: readonly (readonly [name: string, limiter: Omit<LimiterOptions, 'clock'>])[] = [
    ['told', { limits: REQUESTS }],
    ['learnt', {}],
  ];
  for (const [other, traces] of clients) {
    for (const [hints, behaviour] of endpoints) {
      for (const [known, limiter] of knowledge) {
        test(`takes at most 1.10 times as long as one that does it all: ${other}, ${hints}, ${known}`, () => {
          const result = simulateClients(
            traces.map((trace) => ({ trace, limiter })),
            behaviour,
            CALM,
          );
          requireAllDone(result, together(...traces));
          requireRatio(result.finishedAt / oracleOver(together(...traces), behaviour, CALM), 1.1);
        });
      }
    }
  }
});

test('plays a batch of 20,000 requests in a moment', () => {
  const limits = { requestsPerMinute: 5000, tokensPerMinute: 10_000_000, concurrency: 1000 };
  const trace = batch(20_000, { answerTokensMax: 1000 });
  const startedAt = performance.now();
  const result = simulate(trace, { limits }, { limits }, CALM);
  requireAllDone(result, trace);
  assert.equal(result.refusals, 0);
  assert.ok(performance.now() - startedAt < 60_000);
});

const arbitraryTrace = fc
  .array(
    fc.record({
      at: fc.nat(90_000),
      promptTokens: fc.integer({ min: 1, max: 500 }),
      answerTokensMax: fc.integer({ min: 1, max: 1000 }),
      answerShare: fc.double({ min: 0, max: 1, noNaN: true }),
      durationMs: fc.integer({ min: 1, max: 90_000 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((jobs) =>
    jobs
      .map(({ answerShare, ...job }) => ({ ...job, answerTokens: Math.floor(job.answerTokensMax * answerShare) }))
      .sort((one, other) => one.at - other.at),
  );

/** The oracle for a network: a place is free again for somebody else when its answer and the next request have travelled. */
function oracleOver(
  trace: Trace,
  behaviour: EndpointBehaviour,
  { delayMs }: { delayMs: readonly [number, number] },
): number {
  const thereAndBack = delayMs[0] + delayMs[1];
  const longer = trace.map((job) => ({ ...job, durationMs: job.durationMs + thereAndBack }));
  return oracle(longer, behaviour);
}

function requireAllDone({ results }: SimulationResult, trace: Trace): void {
  assert.equal(results.length, trace.length);
  assert.equal(new Set(results.map(({ job }) => job)).size, trace.length, 'a job was done twice');
}

function requireRatio(ratio: number, most: number): void {
  assert.ok(ratio <= most, `${ratio.toFixed(4)} times the oracle`);
}

/** The most that was used in any half-open span of 60 s. */
function mostInAnyWindow(uses: readonly (readonly [at: number, amount: number])[]): number {
  const sorted = [...uses].sort(([one], [other]) => one - other);
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const [at, amount] of sorted) {
    sum += amount;
    while (sorted[first]![0] <= at - 60_000) sum -= sorted[first++]![1];
    most = Math.max(most, sum);
  }
  return most;
}
