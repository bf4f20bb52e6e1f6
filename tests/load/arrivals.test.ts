/** When the requests of an open loop are due. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readArrivalTrace } from '#server/load/arrival-trace.js';
import { type ArrivalKind, arrivalTimes, expectedRequests, type Stage } from '#server/load/arrivals.js';
import { planStages, planTrace } from '#server/load/plan.js';
import { randomFor } from '#server/load/seeds.js';

const steady = (rate: number, durationMs: number): Stage => ({ fromPerSecond: rate, toPerSecond: rate, durationMs });

function times(stages: readonly Stage[], kind: ArrivalKind, seed = 1): number[] {
  return [...arrivalTimes(stages, kind, randomFor(seed, 'arrivals'))];
}

function gapsOf(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value - (values[index] ?? 0));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

describe('uniform arrivals', () => {
  test('are evenly apart, the first at once, and none at the end', () => {
    assert.deepEqual(times([steady(4, 1000)], 'uniform'), [0, 250, 500, 750]);
    assert.equal(times([steady(3, 60_000)], 'uniform').length, 180);
  });

  test('follow stages, and pauses between them', () => {
    const all = times([steady(2, 1000), steady(0, 5000), steady(4, 1000)], 'uniform');
    assert.deepEqual(all, [0, 500, 6000, 6250, 6500, 6750]);
  });

  test('become denser on a ramp, as many as its area says', () => {
    const ramp = { fromPerSecond: 0, toPerSecond: 20, durationMs: 10_000 };
    const all = times([ramp], 'uniform');
    assert.equal(expectedRequests([ramp]), 100);
    assert.equal(all.length, 100);
    // Of a rate that grows from nothing, a quarter comes in the first half.
    assert.equal(all.filter((at) => at < 5000).length, 25);
    const falling = times([{ fromPerSecond: 20, toPerSecond: 0, durationMs: 10_000 }], 'uniform');
    assert.equal(falling.length, 100);
    assert.equal(falling.filter((at) => at < 5000).length, 75);
  });
});

describe('Poisson arrivals', () => {
  const all = times([steady(50, 200_000)], 'poisson');

  test('come at the rate, with gaps that are exponential', () => {
    const gaps = gapsOf(all);
    assert.ok(Math.abs(all.length - 10_000) < 200, `${all.length}`);
    assert.ok(Math.abs(mean(gaps) - 20) < 0.5, `${mean(gaps)}`);
    // The deviation of an exponential distribution is its mean.
    assert.ok(Math.abs(variance(gaps) / mean(gaps) ** 2 - 1) < 0.06, `${variance(gaps)}`);
    const longerThanMean = gaps.filter((gap) => gap > 20).length / gaps.length;
    assert.ok(Math.abs(longerThanMean - Math.exp(-1)) < 0.01, `${longerThanMean}`);
  });

  test('scatter over seconds as independent callers do', () => {
    const counts = Array.from(
      { length: 200 },
      (_, second) => all.filter((at) => Math.floor(at / 1000) === second).length,
    );
    const ratio = variance(counts) / mean(counts);
    assert.ok(ratio > 0.75 && ratio < 1.3, `${ratio}`);
  });

  test('are the same for the same seed, and others for another', () => {
    assert.deepEqual(times([steady(50, 200_000)], 'poisson'), all);
    assert.notDeepEqual(times([steady(50, 200_000)], 'poisson', 2).slice(0, 5), all.slice(0, 5));
  });

  test('follow a ramp as well', () => {
    const ramp = times([{ fromPerSecond: 0, toPerSecond: 100, durationMs: 100_000 }], 'poisson');
    assert.ok(Math.abs(ramp.length - 5000) < 250, `${ramp.length}`);
    assert.ok(Math.abs(ramp.filter((at) => at < 50_000).length / ramp.length - 0.25) < 0.03);
  });
});

describe('a plan', () => {
  test('puts the warm-up before the stages, at the rate that they begin with', () => {
    const plan = planStages([steady(10, 2000)], 'uniform', 1, { warmUpMs: 1000, maxInFlight: 10 });
    assert.deepEqual([plan.warmUpMs, plan.endMs, [...plan.arrivals].length], [1000, 3000, 30]);
  });
});

describe('a trace', () => {
  test('gives times and lengths, the first at once and in order', () => {
    assert.deepEqual(readArrivalTrace('at_ms,prompt_tokens,answer_tokens\n1500,20,7\n500,10,\n'), [
      { atMs: 0, promptTokens: 10, answerTokens: undefined },
      { atMs: 1000, promptTokens: 20, answerTokens: 7 },
    ]);
  });

  test('may be one of the public ones, with dates', () => {
    const text =
      'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n';
    const [, second] = readArrivalTrace(text);
    assert.ok(Math.abs((second?.atMs ?? 0) - 4314.579) < 0.01);
    assert.deepEqual([second?.promptTokens, second?.answerTokens], [396, 109]);
    assert.deepEqual(
      readArrivalTrace('at_s\n1\n2.5\n').map(({ atMs }) => atMs),
      [0, 1500],
    );
  });

  test('is refused by the number of the line that is wrong', () => {
    assert.throws(() => readArrivalTrace('when,how\n1,2\n'), /at_ms, at_s or timestamp/);
    assert.throws(() => readArrivalTrace('at_ms\n1\nsoon\n'), /Line 3/);
    assert.throws(() => readArrivalTrace('at_ms,prompt_tokens\n1,many\n'), /Line 2/);
    assert.throws(() => readArrivalTrace('at_ms\n'), /a line for a request/);
  });

  test('is cut by a duration, its first part being the warm-up', () => {
    const entries = readArrivalTrace('at_ms\n0\n1000\n2000\n3000\n');
    const whole = planTrace(entries, { warmUpMs: 1000, maxInFlight: 10 });
    assert.deepEqual([whole.endMs, [...whole.arrivals].length], [3000, 4]);
    const cut = planTrace(entries, { warmUpMs: 1000, maxInFlight: 10, durationMs: 1500 });
    assert.deepEqual([cut.endMs, [...cut.arrivals].length], [2500, 3]);
  });
});
