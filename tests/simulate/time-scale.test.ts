/** Time that goes faster: limits decide as they do in real time, and clients are told in their own. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningServer, startServer } from '@plumb/server';
import fc from 'fast-check';
import { loadConfig } from '#server/config/load-config.js';
import {
  type Admission,
  type Limiter,
  type Limits,
  MemoryLimiter,
  ScaledTimers,
  WaitingRoom,
  WINDOW_MS,
} from '#server/limits/index.js';
import { ScaledLimiter } from '#server/limits/scaled-limiter.js';
import { ScaledClock } from '#server/observe/clock.js';
import { admitted, ask, postponed } from '../limits/support/decisions.js';
import { ManualTime } from '../limits/support/manual-time.js';

const SCALE = 60;
const TEN_MINUTES_MS = 600_000;

/** A request of a scenario. */
interface Arrival {
  /** In ms of the limits' time. */
  readonly at: number;
  readonly tokens: number;
}

/** What became of each arrival: refused for so long, or admitted so late; in ms of the limits' time. */
type Verdict = `admitted at ${number}` | `refused for ${string} at ${number}`;

/** Plays a scenario of ten minutes in time that goes so many times faster. */
async function play(
  scale: number,
  limits: Limits,
  arrivals: readonly Arrival[],
  isQueued: boolean,
): Promise<Verdict[]> {
  const time = new ManualTime();
  const clock = scale === 1 ? time : new ScaledClock(time, scale);
  const timers = scale === 1 ? time : new ScaledTimers(time, scale);
  const room = new WaitingRoom({ limiter: new MemoryLimiter(clock), clock, timers });
  const queue = isQueued ? { maxWaitMs: 30_000, maxLength: 3 } : undefined;
  const began = clock.now();
  const verdicts: Promise<Verdict>[] = [];
  for (const { at, tokens } of arrivals) {
    await time.pass(at / scale - (time.now() - Date.UTC(2026, 0, 1)));
    verdicts.push(
      (async () => {
        const decision = await room.admit({ ...ask(limits, tokens), queue } satisfies Admission);
        const decidedAt = clock.now() - began;
        if (!decision.admitted) return `refused for ${decision.limit} at ${decidedAt}`;
        timers.after(6000, () => void decision.settle(tokens));
        return `admitted at ${decidedAt}`;
      })(),
    );
  }
  await time.pass(TEN_MINUTES_MS / scale);
  return Promise.all(verdicts);
}

/** Arrivals at whole multiples of what a real millisecond is, so that both clocks can show the very time. */
const scenario = fc.array(fc.record({ gap: fc.nat({ max: 300 }), tokens: fc.integer({ min: 0, max: 12 }) }), {
  minLength: 20,
  maxLength: 60,
});

function sumOfGaps(arrivals: readonly { gap: number }[]): number {
  return arrivals.reduce((sum, { gap }) => sum + gap, 0);
}

describe('a scenario of ten minutes at --time-scale 60', () => {
  for (const isQueued of [false, true]) {
    test(`has the admissions of real time, ${isQueued ? 'with' : 'without'} a queue`, async () => {
      const property = fc.asyncProperty(scenario, async (gaps) => {
        const limits = { requestsPerMinute: 8, tokensPerMinute: 40, concurrentRequests: 3 };
        const arrivals = gaps.map(({ tokens }, index) => ({ at: SCALE * sumOfGaps(gaps.slice(0, index + 1)), tokens }));
        const real = await play(1, limits, arrivals, isQueued);
        const scaled = await play(SCALE, limits, arrivals, isQueued);
        assert.deepEqual(scaled, real);
      });
      await fc.assert(property, { numRuns: 40, seed: 11 });
    });
  }
});

describe('what a client is told', () => {
  test('is in its own time: who waits that long is admitted, and who comes 1 ms earlier is not', async () => {
    for (const waitsEarly of [false, true]) {
      const time = new ManualTime();
      const limiter = new ScaledLimiter(new MemoryLimiter(new ScaledClock(time, SCALE)), SCALE);
      admitted(await limiter.admit(ask({ requestsPerMinute: 1 })));
      await time.pass(400);
      const { retryAfterMs, headroom } = postponed(await limiter.admit(ask({ requestsPerMinute: 1 })));
      assert.equal(retryAfterMs, 600);
      assert.equal(headroom.requests?.resetMs, 600);
      await time.pass(retryAfterMs - (waitsEarly ? 1 : 0));
      const decision = await limiter.admit(ask({ requestsPerMinute: 1 }));
      assert.equal(decision.admitted, !waitsEarly);
    }
  });

  test('is not changed by a limiter that can never admit', async () => {
    const limiter = new ScaledLimiter(new MemoryLimiter(new ManualTime()), SCALE);
    const decision = await limiter.admit(ask({ requestsPerMinute: 0 }));
    assert.ok(!decision.admitted && decision.never);
    assert.equal((await limiter.peek(ask({ requestsPerMinute: 5 }))).requests?.remaining, 5);
  });
});

describe('the clock', () => {
  test('shows whole milliseconds and begins at the real time', () => {
    const real = new ManualTime(1000);
    const clock = new ScaledClock(real, 2.5);
    assert.equal(clock.now(), 1000);
    real.reading = 1003;
    assert.equal(clock.now(), 1007);
  });
});

/** Bursts of requests, 40 s apart in the time of the limits; windows end 20 s away from each. */
const BURSTS = 15;
const BURST_GAP_MS = 40_000;
const BURST_LENGTH = 4;
const REAL_SCALE = 120;
/** How late a burst may be, in real ms, before the run says nothing any more. */
const LATENESS_MAX_MS = 120;
const ATTEMPTS_MAX = 4;

test('ten minutes of a real server at --time-scale 120 have the admissions of the same ten minutes in real time', async (context) => {
  const limits = { requestsPerMinute: 6 };
  const expected = await playBursts(limits);
  for (let attempt = 1; ; attempt++) {
    const { admissions, latenessMs } = await sendBursts(limits);
    if (latenessMs > LATENESS_MAX_MS && attempt < ATTEMPTS_MAX) {
      context.diagnostic(`the machine was ${latenessMs} ms late; once more`);
      continue;
    }
    assert.deepEqual(admissions, expected);
    return;
  }
});

/** How many requests of each burst the limiter admits, in virtual time. */
async function playBursts(limits: Limits): Promise<number[]> {
  const time = new ManualTime();
  const limiter = new MemoryLimiter(time);
  const admissions: number[] = [];
  for (let burst = 0; burst < BURSTS; burst++) {
    let admitted = 0;
    for (let request = 0; request < BURST_LENGTH; request++) {
      if ((await limiter.admit(ask(limits))).admitted) admitted += 1;
    }
    admissions.push(admitted);
    await time.pass(BURST_GAP_MS);
  }
  return admissions;
}

/** How many a server answers, over HTTP and in its own fast time. */
async function sendBursts(limits: Limits): Promise<{ admissions: number[]; latenessMs: number }> {
  let askedAt = 0;
  const wrapLimiter = (limiter: Limiter): Limiter => ({
    admit(admission, signal) {
      askedAt = performance.now();
      return limiter.admit(admission, signal);
    },
    peek: (question) => limiter.peek(question),
  });
  const { server, end } = await startScaled(limits, wrapLimiter);
  try {
    // What is loaded for the first request must not make the scenario late; it has left the window before that begins.
    await send(server, 'deepseek-chat');
    await sleep((1.2 * WINDOW_MS) / REAL_SCALE);
    const began = performance.now();
    const admissions: number[] = [];
    let latenessMs = 0;
    for (let burst = 0; burst < BURSTS; burst++) {
      const dueAt = began + (burst * BURST_GAP_MS) / REAL_SCALE;
      await sleep(Math.max(0, dueAt - performance.now()));
      const statuses = await Promise.all(Array.from({ length: BURST_LENGTH }, () => send(server, 'deepseek-chat')));
      admissions.push(statuses.filter((status) => status === 200).length);
      latenessMs = Math.max(latenessMs, askedAt - dueAt);
    }
    return { admissions, latenessMs: Math.round(latenessMs) };
  } finally {
    await end();
  }
}

async function startScaled({ requestsPerMinute = 0 }: Limits, wrapLimiter: (limiter: Limiter) => Limiter) {
  const dataDir = await mkdtemp(join(tmpdir(), 'plumb-scale-'));
  const flags = { dataDir, port: '0', logLevel: 'silent', simulate: 'instant', timeScale: String(REAL_SCALE) };
  const config = await loadConfig({ flags, environment: {}, currentDir: dataDir, cores: 2 });
  const tiers = { ...config.tiers, standard: { requests_per_minute: requestsPerMinute } };
  const server = await startServer({ config: { ...config, tiers }, model: {}, wrapLimiter });
  const end = async () => {
    await server.stop(1000);
    await rm(dataDir, { recursive: true, force: true });
  };
  return { server, end };
}

async function send({ url, firstKey }: RunningServer, model: string): Promise<number> {
  const body = { model, max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] };
  const headers = { authorization: `Bearer ${firstKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${url}/chat/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
  return response.status;
}
