/** What several workers see, put together, and what operators have changed, kept for workers that start later. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EngineState, PoolState } from '#server/engines/pool/pool-state.js';
import type { FaultState } from '#server/faults/rule.js';
import { createMetrics } from '#server/observe/metrics.js';
import { measureProcess, sumMetrics } from '#server/observe/sum-metrics.js';
import { Changes } from '#server/workers/operations/changes.js';
import { mergeFaults } from '#server/workers/operations/merge-faults.js';
import { mergePoolStates } from '#server/workers/operations/merge-pool-states.js';
import { readPrometheusText, sampleOf } from '../support/prometheus-text.js';

const ENGINE: EngineState = {
  ...{ name: 'a', kind: 'vllm', condition: 'up', weight: 1, priority: 1 },
  ...{ concurrentRequests: 4, outstanding: 1, outstandingTokens: 10, contextTokens: undefined },
  ...{ requests: 5, failures: { request: 1, engine: 2, busy: 0, operator: 0 }, failingShare: 0.1 },
  ...{ promptTokens: 100, cacheHitTokens: 50, firstEventMs: { p50: 10, p95: 20 } },
  ...{ durationMs: { p50: undefined, p95: undefined }, upAgainInMs: undefined },
  ...{ isAlarmRaised: false, healthDetail: 'fine' },
};

function poolOf(...engines: Partial<EngineState>[]): PoolState {
  return {
    name: 'p',
    choose: 'least-outstanding',
    waiting: 2,
    engines: engines.map((each) => ({ ...ENGINE, ...each })),
  };
}

const conditionOf = (...conditions: EngineState['condition'][]) =>
  mergePoolStates(conditions.map((condition) => [poolOf({ condition })]))[0]?.engines[0]?.condition;

describe('the engines of several workers', () => {
  test('are counted together, and shown as the worker sees them that is worst off', () => {
    const worse = {
      ...{ failingShare: 0.4, firstEventMs: { p50: 5, p95: 90 }, durationMs: { p50: 7, p95: 8 } },
      ...{
        contextTokens: 4096,
        upAgainInMs: 300,
        isAlarmRaised: true,
        condition: 'open' as const,
        healthDetail: 'down',
      },
    };
    const [merged] = mergePoolStates([[poolOf({})], [poolOf(worse)]]);
    assert.equal(merged?.waiting, 4);
    assert.deepEqual(merged?.engines, [
      {
        ...{ ...ENGINE, ...worse, concurrentRequests: 8, outstanding: 2, outstandingTokens: 20, requests: 10 },
        ...{ failures: { request: 2, engine: 4, busy: 0, operator: 0 }, promptTokens: 200, cacheHitTokens: 100 },
        firstEventMs: { p50: 10, p95: 90 },
      },
    ]);
  });

  test('are full when they are for all workers', () => {
    assert.equal(conditionOf('full', 'up'), 'up');
    assert.equal(conditionOf('full', 'full'), 'full');
    assert.equal(conditionOf('up', 'draining'), 'draining');
    assert.equal(conditionOf('resting', 'refused'), 'refused');
  });

  test('are told apart when one that leaves has the name of another', () => {
    const workers = [[poolOf({}, { requests: 1, condition: 'draining' })], [poolOf({})]];
    const [merged] = mergePoolStates(workers);
    assert.deepEqual(
      merged?.engines.map(({ requests }) => requests),
      [10, 1],
    );
  });
});

describe('the metrics of several workers', () => {
  test('are added up, but for alarms', async () => {
    const workers = [createMetrics({ models: ['m'] }), createMetrics({ models: ['m'] })];
    for (const metrics of workers) {
      metrics.requestEnded({ model: 'm', status: 200, outcome: 'completed', durationMs: 10 });
      metrics.ledgerBacklog(3);
      metrics.engineAlarm('p', 'a', true);
    }
    const values = await Promise.all([...workers.map((metrics) => metrics.values()), measureProcess()()]);
    const families = readPrometheusText(await sumMetrics(values));
    const labels = { model: 'm', status: '200', outcome: 'completed' };
    assert.equal(sampleOf(families, 'plumb_requests_total', labels), 2);
    assert.equal(sampleOf(families, 'plumb_request_seconds_count', { model: 'm' }), 2);
    assert.equal(sampleOf(families, 'plumb_ledger_backlog'), 6);
    assert.equal(sampleOf(families, 'plumb_engine_alarm', { pool: 'p', engine: 'a' }), 1);
    assert.ok(families.has('process_cpu_seconds_total'));
  });
});

describe('the rules for faults of several workers', () => {
  const rule = (name: string, since: number, matched: number): FaultState => ({
    ...{ name, settings: { fault: 'empty_content' }, origin: 'admin', since, matched, injected: matched },
  });

  test('have hit what they have hit in all of them, since the first of them began', () => {
    const merged = mergeFaults([
      [rule('a', 5, 1), rule('b', 5, 0)],
      [rule('a', 4, 2), rule('b', 6, 0)],
    ]);
    assert.deepEqual(merged, [rule('a', 4, 3), rule('b', 5, 0)]);
  });
});

describe('changes of operators', () => {
  const settings = { fault: 'empty_content' } as const;

  test('are kept in their order, the last one of a kind', () => {
    const changes = new Changes();
    changes.keep(['setDraining', 'p', 'a', true]);
    changes.keep(['addFault', 'one', settings]);
    changes.keep(['setDraining', 'p', 'b', true]);
    changes.keep(['setDraining', 'p', 'a', false]);
    changes.keep(['removeFault', 'one']);
    changes.keep(['addFault', 'two', settings]);
    assert.deepEqual(changes.list(), [
      ['setDraining', 'p', 'b', true],
      ['setDraining', 'p', 'a', false],
      ['removeFault', 'one'],
      ['addFault', 'two', settings],
    ]);
  });

  test('of rules are forgotten when all rules are removed, and removals with the next configuration', () => {
    const changes = new Changes();
    changes.keep(['addFault', 'one', settings]);
    changes.keep(['setDraining', 'p', 'a', true]);
    changes.keep(['clearFaults']);
    changes.keep(['addFault', 'two', settings]);
    changes.keep(['removeFault', 'of the configuration']);
    assert.deepEqual(
      changes.list().map(([name]) => name),
      ['setDraining', 'clearFaults', 'addFault', 'removeFault'],
    );
    changes.reloaded();
    assert.deepEqual(
      changes.list().map(([name]) => name),
      ['setDraining', 'addFault'],
    );
  });
});
