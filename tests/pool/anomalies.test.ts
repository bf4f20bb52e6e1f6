/** Random lives of a pool: whatever fails, is given up or changes in whatever order, nothing is lost and nothing left over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internalError, serviceUnavailable } from '@plumb/wire';
import fc from 'fast-check';
import type { FailureCause } from '#server/engines/engine.js';
import { settleDown } from '../limits/support/manual-time.js';
import { contentEvent, ended, type PlayedGeneration } from '../support/played-engine.js';
import { openPool, type ProbedEngine, type Sent, withKinds } from './support/open-pool.js';

const which = fc.nat();
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('send' as const), account: fc.constantFrom('one', 'other') }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('events' as const), which }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        which,
        cause: fc.constantFrom<FailureCause>('request', 'engine', 'busy', 'operator'),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('abort' as const), which }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const), name: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('resume' as const), name: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('sick' as const), name: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('members' as const), names: fc.subarray(['a', 'b', 'c']) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  ),
  { minLength: 10, maxLength: 120, size: 'max' },
);

test('every request hears one ending and every place comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.constantFrom('least-outstanding' as const, 'prefix-affinity' as const),
      async (played, choose) => {
        const settings = { choose, queue: { max_length: 5, max_wait_s: 15 } };
        const members = {
          a: { concurrent_requests: 2 },
          b: { concurrent_requests: 1 },
          c: { priority: 2, concurrent_requests: 1 },
        };
        const opened = await openPool(members, { settings, random: () => 0.5 });
        const { pool, time, engines } = opened;
        const every: ProbedEngine[] = Object.values(engines);
        const sent: Sent[] = [];
        const over = new Set<PlayedGeneration>();
        const open = () =>
          every.flatMap(({ generations }) => generations).filter((each) => !each.aborted && !over.has(each));
        const pick = (number: number) => open()[number % Math.max(1, open().length)];
        for (const step of played) {
          if (step.kind === 'send') sent.push(opened.send({ account: step.account }));
          else if (step.kind === 'events') pick(step.which)?.sink.onEvents(contentEvent('Hi'));
          else if (step.kind === 'end' || step.kind === 'fail') {
            const generation = pick(step.which);
            if (generation === undefined) continue;
            over.add(generation);
            if (step.kind === 'end') generation.sink.onEnd(ended());
            else {
              const error = step.cause === 'engine' ? internalError(undefined) : serviceUnavailable();
              generation.sink.onFailure(error, undefined, { cause: step.cause });
            }
          } else if (step.kind === 'abort') sent[step.which % Math.max(1, sent.length)]?.running.abort();
          else if (step.kind === 'drain') pool.drain(step.name);
          else if (step.kind === 'resume') pool.resume(step.name);
          else if (step.kind === 'sick')
            engines[step.name]!.health = { healthy: !(engines[step.name]!.health as { healthy: boolean }).healthy };
          else if (step.kind === 'members') {
            const chosen = Object.fromEntries(step.names.map((name) => [name, members[name as keyof typeof members]]));
            opened.update({ ...settings, engines: withKinds(chosen) });
            every.push(...Object.values(engines).filter((engine) => !every.includes(engine)));
          } else if (step.kind === 'pass') await time.pass(step.ms);
          else await settleDown();
          const { waiting, engines: states } = pool.state();
          const waits = sent.filter(({ heard }) => !heard.isOver).length;
          const outstanding = states.reduce((sum, state) => sum + state.outstanding, 0);
          assert.ok(waiting + outstanding <= waits, `${waiting} wait and ${outstanding} run of ${waits}`);
          for (const { outstanding, concurrentRequests } of states) assert.ok(outstanding <= concurrentRequests);
        }
        while (open().length > 0) {
          const [generation] = open();
          over.add(generation!);
          generation!.sink.onEnd(ended());
        }
        await time.pass(15_000);
        while (open().length > 0) {
          const [generation] = open();
          over.add(generation!);
          generation!.sink.onEnd(ended());
        }
        await settleDown();
        const { waiting, engines: states } = pool.state();
        assert.equal(waiting, 0);
        for (const { outstanding, outstandingTokens } of states)
          assert.deepEqual([outstanding, outstandingTokens], [0, 0]);
        for (const { heard } of sent) {
          assert.equal(
            heard.heard.filter((each) => each === 'end' || each === 'failure').length,
            1,
            heard.heard.join(),
          );
          assert.ok(['end', 'failure'].includes(heard.heard.at(-1)!));
          assert.ok(heard.heard.filter((each) => each === 'begun').length <= 1);
        }
        await pool.close();
        assert.equal(time.timers, 0);
        for (const engine of every) assert.ok(engine.isClosed, 'an engine was never closed');
      },
    ),
    { numRuns: 150 },
  );
});
