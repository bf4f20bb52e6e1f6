/** Stopping a generation: wherever it is, its sequence is free again at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';

const CONTEXT_TOKENS = 8192;
/** What the engine promises on a machine that is not overloaded; on one that is, a multiple. */
const FREE_AGAIN_MS = 100;
const SLOW_MACHINE = 10;

const folder = mkdtempSync(join(tmpdir(), 'plumb-abort-'));
after(() => rmSync(folder, { recursive: true }));

let engine: TestEngine;
before(async () => {
  const modelPath = join(folder, 'random.gguf');
  writeRandomModel(modelPath);
  engine = await startEngine({ modelPath, sequences: 1, contextTokens: CONTEXT_TOKENS });
});
after(() => engine.stop());

const LONG = { max_tokens: 7000, temperature: 0 };
const LONG_PROMPT = { messages: [{ role: 'user' as const, content: 'the cat that went to the sea '.repeat(800) }] };

/** Runs a short request on the only sequence and returns how long it took to begin. */
async function timeUntilBegun(): Promise<number> {
  const startedAt = performance.now();
  const next = engine.start({ max_tokens: 1 });
  await next.begun;
  const waitedMs = performance.now() - startedAt;
  assert.equal((await next.outcome).finishReason, 'length');
  return waitedMs;
}

describe('a generation that is aborted', () => {
  test('ends with what it had cost and leaves its sequence to the next one', async () => {
    const running = engine.start(LONG);
    await running.seen(5000);
    running.abort();
    const waitedMs = await timeUntilBegun();
    const { finishReason, usage, failure } = await running.outcome;
    assert.equal(failure, undefined);
    assert.equal(finishReason, 'aborted');
    assert.ok(usage!.completion_tokens > 0 && usage!.completion_tokens < LONG.max_tokens);
    assert.ok(waitedMs <= FREE_AGAIN_MS * SLOW_MACHINE, `${waitedMs} ms`);
  });

  test('stops reading its prompt', async () => {
    const whole = await engine.run({ ...LONG_PROMPT, max_tokens: 1 }, { scope: 'whole' });
    const running = engine.start({ ...LONG_PROMPT, max_tokens: 1 }, { scope: 'aborted' });
    await running.begun;
    running.abort();
    const waitedMs = await timeUntilBegun();
    const { finishReason, usage, text } = await running.outcome;
    assert.equal(finishReason, 'aborted');
    assert.equal(text, '');
    assert.equal(usage!.completion_tokens, 0);
    assert.equal(usage!.prompt_tokens, whole.usage!.prompt_tokens);
    assert.ok(waitedMs <= FREE_AGAIN_MS * SLOW_MACHINE, `${waitedMs} ms`);
  });

  test('costs nothing when it had not begun', async () => {
    const running = engine.start(LONG);
    await running.begun;
    const waiting = engine.start({ max_tokens: 1 });
    waiting.abort();
    const { finishReason, usage } = await waiting.outcome;
    assert.deepEqual([finishReason, usage!.total_tokens], ['aborted', 0]);
    running.abort();
    await running.outcome;
  });

  test('may be aborted twice, or after its end, without harm', async () => {
    const running = engine.start({ max_tokens: 2 });
    await running.outcome;
    running.abort();
    const other = engine.start(LONG);
    other.abort();
    other.abort();
    assert.equal((await other.outcome).finishReason, 'aborted');
    assert.equal((await engine.run({ max_tokens: 2 })).finishReason, 'length');
  });

  test('leaves a cache that is right: the same prompt has the same answer afterwards', async () => {
    const ask = { messages: [{ role: 'user' as const, content: 'Which fish?' }], temperature: 0, max_tokens: 40 };
    const expected = await engine.run(ask, { scope: 'before' });
    for (const characters of [0, 500, 3000]) {
      const running = engine.start({ ...ask, max_tokens: 500 }, { scope: 'cut' });
      await running.seen(characters);
      running.abort();
      await running.outcome;
      assert.equal((await engine.run(ask, { scope: 'cut' })).content, expected.content);
    }
  });
});

describe('requests beyond the sequences', () => {
  test('wait in order of arrival', async () => {
    const order: number[] = [];
    const all = Array.from({ length: 5 }, async (_, index) => {
      await engine.run({ max_tokens: 3 });
      order.push(index);
    });
    await Promise.all(all);
    assert.deepEqual(order, [0, 1, 2, 3, 4]);
  });

  test('are refused with 503 when too many wait', async () => {
    const running = engine.start(LONG);
    await running.begun;
    const jobs = Array.from({ length: 1025 }, () => engine.start({ max_tokens: 1 }));
    const failed = jobs.pop()!;
    const { failure } = await failed.outcome;
    assert.equal(failure!.status, 503);
    assert.equal(failure!.body.error.type, 'service_unavailable_error');
    running.abort();
    const outcomes = await Promise.all(jobs.map(({ outcome }) => outcome));
    assert.ok(
      outcomes.every(({ finishReason }) => finishReason === 'length'),
      'those that waited are served',
    );
    assert.equal((await engine.run({ max_tokens: 2 })).finishReason, 'length');
  });
});
