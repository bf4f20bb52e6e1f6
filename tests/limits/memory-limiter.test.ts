/** The limiter in memory: the contract, exact retries, and forgetting. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryLimiter } from '#server/limits/index.js';
import { describeLimiter } from './limiter-contract.js';
import { admitted, ask, refused } from './support/decisions.js';
import { judgeRetries } from './support/judge.js';
import { ManualTime } from './support/manual-time.js';
import { traces } from './support/traces.js';

const TRACES = 200;
const MINUTE_MS = 60_000;

const open = (time: ManualTime) => new MemoryLimiter(time);

describeLimiter('memory', open);

describe('memory limiter', () => {
  test('admits exactly at retryAfterMs and refuses one millisecond before', async () => {
    let retries = 0;
    await fc.assert(
      fc.asyncProperty(traces(), async (trace) => {
        retries += await judgeRetries(trace, open);
      }),
      { numRuns: TRACES },
    );
    assert.ok(retries > TRACES, `only ${retries} retries were tried`);
  });

  test('decides without waiting', () => {
    const decision = new MemoryLimiter(new ManualTime()).admit(ask({ requestsPerMinute: 1 }));
    assert.equal(decision.admitted, true);
    assert.equal(admitted(decision).settle(0), undefined);
  });

  test('forgets idle scopes while others come', () => {
    const time = new ManualTime();
    const limiter = new MemoryLimiter(time);
    for (let minute = 0; minute < 20; minute++) {
      for (let index = 0; index < 1000; index++) {
        void admitted(limiter.admit(ask({ requestsPerMinute: 5 }, 1, `${minute}-${index}`))).settle(1);
        time.reading += MINUTE_MS / 1000;
      }
    }
    assert.ok(limiter.size <= 4000, `${limiter.size} scopes for 1000 in any minute`);
  });

  test('does not forget who still runs or owes', () => {
    const time = new ManualTime();
    const limiter = new MemoryLimiter(time);
    const running = admitted(limiter.admit(ask({ concurrentRequests: 1 }, 1, 'running')));
    void admitted(limiter.admit(ask({ tokensPerMinute: 10 }, 1, 'owing'))).settle(60);
    time.reading += 5 * MINUTE_MS;
    for (let index = 0; index < 100; index++) limiter.admit(ask({ requestsPerMinute: 1 }, 1, 'another'));
    refused(limiter.admit(ask({ concurrentRequests: 1 }, 1, 'running')));
    refused(limiter.admit(ask({ tokensPerMinute: 10 }, 1, 'owing')));
    void running.settle(1);
    time.reading += MINUTE_MS;
    for (let index = 0; index < 100; index++) limiter.admit(ask({ requestsPerMinute: 1 }, 1, 'another'));
    assert.equal(limiter.size, 1);
  });
});
