/** How long a simulated engine takes, and that its times can be had from measured ones. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitLatency } from '#server/engines/simulated/fit-latency.js';
import { fitLine } from '#server/engines/simulated/fit-line.js';
import { findPreset, PRESETS } from '#server/engines/simulated/presets.js';
import { type MeasuredRequest, readTrace } from '#server/engines/simulated/read-trace.js';
import { jobOf, type Run, Simulation } from './support/simulation.js';

/** A job whose prompt has about so many words, and whose answer has so many tokens. */
function job(words: number, answer: number, user = 'a') {
  const content = Array.from({ length: words }, (_, index) => `w${index % 7}`).join(' ');
  return jobOf({ messages: [{ role: 'user', content }], max_tokens: answer }, { cacheScope: user });
}

async function runTogether(simulation: Simulation, jobs: readonly ReturnType<typeof job>[]): Promise<Run[]> {
  const started = jobs.map((each) => simulation.start(each));
  await simulation.time.pass(3_600_000);
  return Promise.all(started.map(({ ended }) => ended));
}

describe('the first token', () => {
  test('takes as long as reading what the cache does not hold, and a fixed time', async () => {
    const simulation = new Simulation({ latency: { firstTokenMs: 100, prefillTokensPerSecond: 1000 } });
    const first = await simulation.run(job(500, 2));
    assert.ok(Math.abs(first.firstAt - 100 - first.end.usage.prompt_tokens) <= 1);
    const second = await simulation.run(job(500, 2));
    assert.ok(Math.abs(second.firstAt - 100 - second.end.usage.prompt_cache_miss_tokens) <= 1);
    assert.ok(second.firstAt < first.firstAt / 3);
  });

  test('waits for the prompts that came before', async () => {
    const simulation = new Simulation({ latency: { prefillTokensPerSecond: 1000 } });
    const runs = await runTogether(
      simulation,
      ['a', 'b', 'c'].map((user) => job(200, 2, user)),
    );
    const [one, two, three] = runs.map(({ firstAt }) => firstAt);
    assert.ok(Math.abs(two! - 2 * one!) <= 2 && Math.abs(three! - 3 * one!) <= 2);
  });

  test('waits for a slot where all are taken, first come, first served', async () => {
    const simulation = new Simulation({ latency: { slots: 2, tokenMs: 10 } });
    const runs = await runTogether(
      simulation,
      [1, 2, 3, 4].map((user) => job(2, 11, String(user))),
    );
    assert.deepEqual(
      runs.map(({ begunAt }) => begunAt),
      [0, 0, 100, 100],
    );
  });
});

describe('the tokens of an answer', () => {
  test('take the longer the more answers run', async () => {
    const latency = { tokenMs: 10, tokenMsPerSequence: 5 };
    const alone = await new Simulation({ latency }).run(job(2, 11));
    assert.equal(alone.endedAt - alone.firstAt, 10 * 15);
    const runs = await runTogether(
      new Simulation({ latency }),
      ['a', 'b', 'c', 'd'].map((user) => job(2, 11, user)),
    );
    for (const { endedAt, firstAt } of runs) assert.ok(Math.abs(endedAt - firstAt - 10 * 30) <= 15);
  });

  test('come one by one, each when it is due', async () => {
    const simulation = new Simulation({ latency: { tokenMs: 20 } });
    const running = simulation.start(job(2, 5));
    await simulation.time.pass(45);
    running.abort();
    const { end } = await running.ended;
    assert.equal(end.usage.completion_tokens, 3);
  });

  test('differ by chance, the same way for the same seed', async () => {
    const measure = async (seed: number) => {
      const run = await new Simulation({ settings: { seed }, latency: { tokenMs: 20, jitter: 0.3 } }).run(job(2, 51));
      return run.endedAt;
    };
    assert.equal(await measure(1), await measure(1));
    assert.notEqual(await measure(1), await measure(2));
    assert.ok(Math.abs((await measure(1)) - 1000) < 300);
  });
});

describe('presets', () => {
  test('have sources, but for what is made up, and give back what was published', () => {
    for (const { name, sources } of PRESETS) {
      assert.equal(sources.length > 0, !['default', 'instant'].includes(name), name);
    }
    const { latency } = findPreset(' 8xh200  DeepSeek-V3 ')!;
    const throughput = (sequences: number) =>
      (sequences * 1000) / (latency.tokenMs + latency.tokenMsPerSequence * sequences);
    assert.ok(Math.abs(throughput(1) - 158.07) < 0.01);
    assert.ok(Math.abs(throughput(1024) - 11_489.27) < 0.1);
    assert.equal(findPreset('8xH20'), undefined);
  });
});

describe('fitting', () => {
  test('finds the times of a system in what was measured of it', async () => {
    const latency = {
      ...{ slots: 8, firstTokenMs: 80, prefillTokensPerSecond: 4000 },
      ...{ tokenMs: 15, tokenMsPerSequence: 2, jitter: 0.05 },
    };
    const simulation = new Simulation({ settings: { seed: 3, cache_tokens: 0, answer_tokens: 600 }, latency });
    const measured: MeasuredRequest[] = [];
    for (const concurrency of [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8]) {
      // Prompts that take long would keep the answers from running together.
      const words = concurrency === 1 ? 100 + 150 * measured.length : 1;
      const jobs = Array.from({ length: concurrency }, (_, user) => job(words, 200, String(user)));
      for (const { end, firstAt, endedAt } of await runTogether(simulation, jobs)) {
        const { prompt_tokens: promptTokens, completion_tokens: answerTokens } = end.usage;
        const cachedTokens = end.usage.prompt_cache_hit_tokens;
        measured.push({
          promptTokens,
          cachedTokens,
          answerTokens,
          firstTokenMs: firstAt,
          totalMs: endedAt,
          concurrency,
        });
      }
    }
    const fitted = fitLatency(measured).latency;
    const isNear = (found: number, real: number, share: number) => Math.abs(found - real) <= real * share;
    assert.equal(fitted.slots, 8);
    assert.ok(isNear(fitted.firstTokenMs, 80, 0.2), String(fitted.firstTokenMs));
    assert.ok(isNear(fitted.prefillTokensPerSecond, 4000, 0.1), String(fitted.prefillTokensPerSecond));
    assert.ok(isNear(fitted.tokenMs, 15, 0.1), String(fitted.tokenMs));
    assert.ok(isNear(fitted.tokenMsPerSequence, 2, 0.2), String(fitted.tokenMsPerSequence));
  });

  test('never finds that load makes anything faster', () => {
    const falling = fitLine([
      [1, 10],
      [2, 8],
    ]);
    assert.deepEqual(falling, { intercept: 9, slope: 0 });
    const steep = fitLine([
      [1, 1],
      [2, 5],
    ]);
    assert.equal(steep.intercept, 0);
    assert.ok(steep.slope > 0);
  });

  test('reads CSV and JSON lines, and says where it cannot', () => {
    const csv = 'prompt_tokens,cached,answer_tokens,ttft_ms,total_ms,concurrency\n100,64,20,50,250,3\n';
    const json = '{"prompt_tokens":100,"cached":64,"answer_tokens":20,"ttft_ms":50,"total_ms":250,"concurrency":3}\n';
    assert.deepEqual(readTrace(csv), readTrace(json));
    assert.deepEqual(readTrace('answer_tokens,prompt_tokens,total_ms,ttft_ms\r\n2,1,4,3')[0], {
      ...{ promptTokens: 1, cachedTokens: 0, answerTokens: 2, firstTokenMs: 3, totalMs: 4, concurrency: 1 },
    });
    assert.throws(() => readTrace('prompt_tokens,answer_tokens\n1,x'), /Line 2 has no number .* `answer_tokens`/);
    assert.throws(() => readTrace('{"prompt_tokens":1}\n{'), /Line 2 is no JSON/);
    assert.throws(() => readTrace(''), /no request in it/);
  });
});
