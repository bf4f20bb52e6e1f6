/**
 * The batch benchmark in small: many jobs at once through the kit to a real server over real sockets, whose clock is the
 * kit's. Time goes on only while no request is on its way, so the figures are the same on every machine.
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import OpenAI from 'openai';
import { createKit, type LimitOptions } from '#client/index.js';
import { oracle } from '#client/plan/oracle.js';
import { type Job, seededRandom } from '#client/plan/trace.js';
import { VirtualClock } from '#client/plan/virtual-clock.js';
import { startPlumb } from '../../support/plumb.js';
import { TimedEngine } from './timed-engine.js';

const BEGINNING = 1_700_000_000_000;
const REQUESTS_PER_MINUTE = 60;
const CONCURRENCY = 20;
const random = seededRandom(1);
const JOBS: readonly Job[] = Array.from({ length: 2 * REQUESTS_PER_MINUTE }, () => ({
  at: 0,
  promptTokens: 3,
  answerTokens: 1,
  durationMs: 500 + Math.round(random() * 3000),
}));

interface Batch {
  /** When the last answer was there, in ms from the beginning. */
  readonly finishedAt: number;
  readonly refusals: number;
  readonly lost: number;
  /** How often the engine completed something, and how many different jobs that were. */
  readonly completed: number;
  readonly different: number;
}

async function runBatch(context: TestContext, limits: LimitOptions): Promise<Batch> {
  const clock = new VirtualClock(BEGINNING);
  const engine = new TimedEngine(clock);
  const tiers = { test: { requests_per_minute: REQUESTS_PER_MINUTE, concurrent_requests: CONCURRENCY } };
  const settings = { tiers, default_tier: 'test' };
  const plumb = await startPlumb({ engine, settings, start: { clock } });
  context.after(() => plumb.stop());
  let onTheWay = 0;
  let refusals = 0;
  const kit = createKit({
    baseURL: `${plumb.url}/v1`,
    apiKey: plumb.key,
    limits,
    clock,
    async fetch(input, init) {
      onTheWay++;
      const response = await fetch(input, init);
      const text = await response.text();
      onTheWay--;
      if (response.status === 429) refusals++;
      return new Response(text, { status: response.status, headers: response.headers });
    },
  });
  const openai = new OpenAI({ ...kit.openai() });
  const answers = JOBS.map(({ durationMs }, number) =>
    openai.chat.completions.create({
      model: 'deepseek-chat',
      messages: [{ role: 'user', content: `${durationMs} ms for number ${number}` }],
    }),
  );
  let isOver = false;
  const results = Promise.allSettled(answers).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await turns();
    if (onTheWay === engine.running && !isOver) clock.step();
  }
  const lost = (await results).filter(({ status }) => status === 'rejected').length;
  const { completed } = engine;
  return {
    finishedAt: clock.now() - BEGINNING,
    refusals,
    lost,
    completed: completed.length,
    different: new Set(completed).size,
  };
}

/** What follows from an answer without waiting follows within a few turns of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

describe('a batch of twice as many jobs as a minute has', () => {
  const limits = { requestsPerMinute: REQUESTS_PER_MINUTE, concurrency: CONCURRENCY };
  const best = oracle(JOBS, { limits });

  test('takes no more than 1.02 of the best possible, without a refusal, when the limits are told', async (context) => {
    const { finishedAt, ...batch } = await runBatch(context, limits);
    assert.deepEqual(batch, { refusals: 0, lost: 0, completed: JOBS.length, different: JOBS.length });
    assert.ok(finishedAt <= 1.02 * best, `${finishedAt} ms, where ${best} ms are possible`);
  });

  test('takes no more than 1.10 of the best possible when they must be learnt', async (context) => {
    const { finishedAt, refusals, ...batch } = await runBatch(context, {});
    assert.deepEqual(batch, { lost: 0, completed: JOBS.length, different: JOBS.length });
    assert.ok(finishedAt <= 1.1 * best, `${finishedAt} ms, where ${best} ms are possible`);
    assert.ok(refusals <= 2 * CONCURRENCY, `${refusals} refusals`);
  });
});
