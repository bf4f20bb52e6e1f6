/** The oracle and the simulation end, whatever the times of a trace are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oracle, simulate } from '#client/plan/index.js';
import { seededRandom } from '#client/plan/trace.js';

test('fractions of a millisecond, which do not add up exactly, stop neither the oracle nor a simulation', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed);
    const trace = Array.from({ length: 200 }, (_, id) => ({
      id,
      at: (id * 10) / 3,
      promptTokens: 100,
      answerTokens: Math.floor(random() * 500),
      durationMs: random() * 3000 + 1 / 3,
    }));
    const behaviour = { limits: { requestsPerMinute: 70, tokensPerMinute: 40_000, concurrency: 20 } };
    const best = oracle(trace, behaviour);
    const { finishedAt, results } = simulate(trace, behaviour, { limits: behaviour.limits });
    assert.equal(results.length, trace.length);
    assert.ok(finishedAt >= best && finishedAt < 1.05 * best, `${finishedAt} of ${best}`);
  }
});
