/** The loops of the load generator, in virtual time: what is measured, from when, and what is not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ArrivalKind } from '#server/load/arrivals.js';
import { readObjective } from '#server/load/objective.js';
import { type ClosedPlan, type OpenPlan, planStages } from '#server/load/plan.js';
import { type Play, playLoad, playOn, startPlayed, USAGE } from './support/played-endpoint.js';

function openPlan(
  rate: number,
  durationMs: number,
  more: Partial<OpenPlan> = {},
  kind: ArrivalKind = 'uniform',
): OpenPlan {
  const { warmUpMs = 0, maxInFlight = 1000, requestsMax } = more;
  const stage = { fromPerSecond: rate, toPerSecond: rate, durationMs };
  return planStages([stage], kind, 1, { warmUpMs, maxInFlight, requestsMax });
}

const closedPlan = (concurrency: number, more: Partial<ClosedPlan> = {}): ClosedPlan => ({
  kind: 'closed',
  concurrency,
  warmUpMs: 0,
  endMs: 10_000,
  requestsMax: Number.POSITIVE_INFINITY,
  ...more,
});

const answering =
  (endsAfterMs: number): Play =>
  () => ({ endsAfterMs, tokensAfterMs: [endsAfterMs / 2, endsAfterMs] });

/** Answers in 10 ms, and not at all from the third second to the fourth: what waits is answered together then. */
const stalling: Play = (atMs) => ({ endsAfterMs: atMs >= 2990 && atMs < 4000 ? 4010 - atMs : 10 });

describe('a stall of a second', () => {
  test('is in the times of an open loop: those who came meanwhile have waited', async () => {
    const { recorder } = await playLoad(openPlan(100, 10_000), stalling);
    assert.equal(recorder.counts.answered, 1000);
    // A tenth of all requests is due in the stall, and waits half a second on average.
    assert.ok(recorder.e2e.quantile(0.99) > 850, `${recorder.e2e.quantile(0.99)}`);
    assert.ok(recorder.e2e.quantile(0.95) > 400, `${recorder.e2e.quantile(0.95)}`);
    assert.ok(recorder.e2e.quantile(0.85) < 11);
  });

  test('is hidden by a closed loop, whose callers wait and do not come', async () => {
    const { recorder } = await playLoad(closedPlan(1), stalling);
    assert.ok(recorder.counts.answered > 800);
    assert.ok(recorder.e2e.quantile(0.99) < 11, `${recorder.e2e.quantile(0.99)}`);
    assert.ok(recorder.e2e.max > 990);
  });

  test('of the generator itself counts as well, and is told of as late starts', async () => {
    const { run, clock } = startPlayed(openPlan(100, 3000), answering(10));
    clock.runUntil(clock.now() + 1000);
    const stall = clock.now() + 500;
    // Nothing that is due is done while something else keeps the process.
    clock.after(1, () => {
      const { now } = clock;
      let calls = 0;
      Object.assign(clock, { now: () => (calls++ < 400 ? stall : now.call(clock)) });
    });
    const { recorder } = await playOn(run, clock);
    assert.ok(recorder.counts.late >= 40, `${recorder.counts.late}`);
    assert.ok(recorder.lateness.max > 400);
    assert.ok(recorder.e2e.max > 400);
  });
});

describe('an open loop', () => {
  test('sends at its times whatever the endpoint does', async () => {
    const { run, clock, sender } = startPlayed(openPlan(10, 1000), answering(60_000));
    await playOn(run, clock);
    assert.deepEqual(sender.sentAt, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });

  test('drops what is beyond the most in flight, counts it, and sends it never', async () => {
    const { recorder, windowMs } = await playLoad(openPlan(10, 2000, { maxInFlight: 5 }), answering(1000));
    const { due, answered, dropped, late } = recorder.counts;
    assert.deepEqual({ due, answered, dropped, late }, { due: 20, answered: 10, dropped: 10, late: 0 });
    assert.equal(windowMs, 2000);
    assert.ok(recorder.e2e.max <= 1000);
  });

  test('measures nothing of its warm-up, and waits for the last answer', async () => {
    const plan = openPlan(10, 2000, { warmUpMs: 1000 });
    const play: Play = (atMs) => ({ endsAfterMs: atMs < 1000 ? 5000 : 300 });
    const result = await playLoad(plan, play);
    const { recorder } = result;
    assert.deepEqual([recorder.warmUpRequests, recorder.counts.due, recorder.counts.answered], [10, 20, 20]);
    assert.ok(recorder.e2e.max < 301);
    assert.equal(result.windowMs, 2000);
    // Rates are of what ended in time: the last three answers of 300 ms did not.
    assert.equal(recorder.window.answered, 18);
    assert.equal(result.endedAt - result.startedAt, 5900);
  });

  test('ends after a number of requests, and measures until the last answer then', async () => {
    const plan = openPlan(10, Number.POSITIVE_INFINITY, { requestsMax: 7, warmUpMs: 500 });
    const { recorder, windowMs } = await playLoad(plan, answering(250));
    assert.deepEqual([recorder.counts.due, recorder.window.answered], [7, 7 + 2]);
    assert.equal(windowMs, 600 + 250);
  });

  test('has the gaps between tokens, and the time for each by what the endpoint has counted', async () => {
    const play: Play = () => ({ endsAfterMs: 200, tokensAfterMs: [100, 110, 190], usage: { ...USAGE, answer: 10 } });
    const { recorder } = await playLoad(openPlan(10, 1000), play);
    assert.equal(recorder.gap.count, 20);
    assert.ok(Math.abs(recorder.gap.max - 80) < 1e-6);
    assert.ok(Math.abs(recorder.tpot.mean - 10) < 1e-6);
    assert.ok(Math.abs(recorder.ttft.mean - 100) < 1e-6);
    assert.equal(recorder.counts.answerTokens, 100);
    assert.ok(Math.abs(recorder.tokensPerEvent - 10 / 3) < 1e-9);
  });

  test('is stopped in good order: what is in flight may finish, or is given up and counted', async () => {
    const gentle = startPlayed(openPlan(10, 60_000), answering(1000));
    gentle.clock.runUntil(gentle.clock.now() + 3050);
    gentle.run.stop();
    const finished = await playOn(gentle.run, gentle.clock);
    assert.deepEqual(
      [finished.end, finished.recorder.counts.due, finished.recorder.counts.answered],
      ['stopped', 31, 31],
    );
    assert.equal(finished.windowMs, 3050);
    const hard = startPlayed(openPlan(10, 60_000), answering(1000));
    hard.clock.runUntil(hard.clock.now() + 3050);
    hard.run.stop();
    hard.run.giveUp();
    const { end, recorder } = await hard.run.result;
    assert.deepEqual([end, recorder.counts.answered, recorder.counts.unfinished], ['stopped', 21, 10]);
  });

  test('ends early when its first requests are all refused for good, and not for limits', async () => {
    const refusing =
      (status: number): Play =>
      () => ({
        endsAfterMs: 10,
        failure: { kind: 'status', status, reason: 'No.' },
      });
    const refused = await playLoad(openPlan(10, 60_000), refusing(401));
    assert.deepEqual([refused.end, refused.recorder.counts.failed], ['refused', 10]);
    const limited = await playLoad(openPlan(10, 6000), refusing(429));
    assert.deepEqual([limited.end, limited.recorder.counts.failed], ['done', 60]);
  });
});

describe('a closed loop', () => {
  test('keeps as many in flight as it should, for its time', async () => {
    const { recorder, windowMs } = await playLoad(closedPlan(4, { warmUpMs: 1000, endMs: 3000 }), answering(100));
    assert.equal(recorder.warmUpRequests, 40);
    assert.equal(recorder.counts.answered, 80);
    assert.equal(windowMs, 2000);
    assert.ok(recorder.timeline.slices.every(({ inFlightMax }) => inFlightMax <= 4));
  });

  test('ends after a number of requests', async () => {
    const { recorder } = await playLoad(
      closedPlan(4, { endMs: Number.POSITIVE_INFINITY, requestsMax: 10 }),
      answering(100),
    );
    assert.deepEqual([recorder.counts.due, recorder.counts.answered], [10, 10]);
  });

  test('rests a tenth of a second after a failure', async () => {
    const failing: Play = () => ({ endsAfterMs: 0, failure: { kind: 'connection', reason: 'refused' } });
    const { recorder } = await playLoad(closedPlan(1, { endMs: 1000 }), failing);
    assert.equal(recorder.counts.failed, 10);
  });
});

describe('goodput', () => {
  const objective = readObjective('ttft<500ms,tpot<50ms,e2e<10s');

  test('is what met every limit, of all that was due', async () => {
    const plays: readonly ReturnType<Play>[] = [
      { endsAfterMs: 1000, tokensAfterMs: [499, 550] },
      { endsAfterMs: 1000, tokensAfterMs: [500, 550] },
      { endsAfterMs: 1000, tokensAfterMs: [100, 301] },
      { endsAfterMs: 10_001, tokensAfterMs: [100, 110] },
      { endsAfterMs: 100, failure: { kind: 'cut_stream', reason: 'cut' } },
      { endsAfterMs: 9000 },
    ];
    const plan = openPlan(1, 6000);
    const { recorder } = await playLoad(plan, (atMs) => plays[atMs / 1000]!, objective);
    // The first one is good, and the last, a buffered answer, which has no first token to be late.
    assert.deepEqual([recorder.counts.due, recorder.counts.met, recorder.window.met], [6, 2, 1]);
  });

  test('counts what was dropped as missed', async () => {
    const { recorder } = await playLoad(
      openPlan(10, 2000, { maxInFlight: 5 }),
      answering(1000),
      readObjective('e2e<10s'),
    );
    assert.equal(recorder.counts.met + recorder.counts.dropped, recorder.counts.due);
  });

  test('has limits that are refused where they say nothing', () => {
    for (const text of ['', 'fast', 'ttft<500', 'ttft>5ms', 'e2e<1s,e2e<2s', 'gap<5ms']) {
      assert.throws(() => readObjective(text), RangeError, text);
    }
  });
});

test('a run of many hours keeps as many slices of time as one of twenty minutes, and loses none of what they count', async () => {
  const plan = openPlan(1, 4 * 3600 * 1000);
  const { recorder } = await playLoad(plan, answering(100));
  const { slices, widthMs } = recorder.timeline;
  assert.ok(slices.length <= 1200 && slices.length > 600);
  assert.equal(widthMs, 16_000);
  assert.equal(
    slices.reduce((sum, { answered }) => sum + answered, 0),
    14_400,
  );
  assert.equal(
    slices.reduce((sum, { e2e }) => sum + e2e.count, 0),
    14_400,
  );
});
