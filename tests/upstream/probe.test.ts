/** How an engine is asked whether it is well, and what is learned of its model. */
import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import type { UpstreamEngine, UpstreamEngineOptions } from '#server/engines/upstream/upstream-engine.js';
import { jsonOf, type Script, ScriptedUpstream } from '../support/scripted-upstream.js';
import { createEngine, createJob } from './support/jobs.js';

const upstream = await ScriptedUpstream.start();
const engines: UpstreamEngine[] = [];
after(() => upstream.close());
beforeEach(() => serve({}));
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

function open(options: Partial<UpstreamEngineOptions> = {}): UpstreamEngine {
  const engine = createEngine({ url: upstream.url, ...options });
  engines.push(engine);
  return engine;
}

const soon = () => AbortSignal.timeout(30_000);

function serve({ health = jsonOf({}), models = jsonOf({ data: [] }) }: { health?: Script; models?: Script }): void {
  for (const path of ['/health', '/readyz']) upstream.answer(path, health);
  upstream.answer('/v1/models', models);
}

const list = (...entries: object[]) => jsonOf({ object: 'list', data: entries });

describe('the context', () => {
  const cases: [UpstreamEngineOptions['kind'], object, number | undefined][] = [
    ['vllm', { id: 'm', max_model_len: 4096 }, 4096],
    ['sglang', { id: 'm', max_model_len: 8192 }, 8192],
    ['llama-server', { id: 'file.gguf', meta: { n_ctx_train: 32_768, n_ctx: 2048 } }, 2048],
    ['llama-server', { id: 'file.gguf', meta: { n_ctx_train: 32_768 } }, undefined],
    ['deepseek', { id: 'm', context_window: 1_048_576 }, 1_048_576],
    ['plumb', { id: 'm', context_window: 65_536 }, 65_536],
    ['openai', { id: 'm', context_length: 1000 }, 1000],
    ['openai', { id: 'm' }, undefined],
  ];
  for (const [kind, entry, contextTokens] of cases) {
    test(`of a ${kind} is ${contextTokens ?? 'not known'} by ${JSON.stringify(entry)}`, async () => {
      serve({ models: list(entry) });
      const engine = open({ kind, model: 'm' });
      assert.equal((await engine.probe(soon())).contextTokens, contextTokens);
      const description = engine.description();
      assert.deepEqual([description?.modelName, description?.contextTokens], ['m', contextTokens]);
      assert.deepEqual(await engine.ready(), engine.description());
    });
  }

  test('of an engine that goes by several names is the least of them', async () => {
    serve({ models: list({ id: 'a', context_window: 2000 }, { id: 'b', context_window: 1000 }, { id: 'c' }) });
    assert.equal((await open({ kind: 'deepseek' }).probe(soon())).contextTokens, 1000);
    assert.equal((await open({ kind: 'deepseek', model: 'a' }).probe(soon())).contextTokens, 2000);
  });

  test('of the configuration wins over that of the engine', async () => {
    serve({ models: list({ id: 'm', max_model_len: 4096 }) });
    const engine = open({ kind: 'vllm', model: 'm', contextTokens: 1024 });
    await engine.probe(soon());
    assert.equal(engine.description()?.contextTokens, 1024);
  });
});

describe('an engine is not well', () => {
  const cases: [string, UpstreamEngineOptions['kind'], Parameters<typeof serve>[0], RegExp][] = [
    [
      'when its health check says so',
      'llama-server',
      { health: jsonOf({ error: { message: 'Loading model' } }, 503) },
      /health check answered 503/,
    ],
    [
      'when it refuses the key',
      'openai',
      { models: jsonOf({ error: { message: 'sk-secret?' } }, 401) },
      /api_key.*\[secret\]/,
    ],
    ['when it does not serve the model', 'vllm', { models: list({ id: 'other' }) }, /does not serve m but other/],
    ['when its list is something else', 'openai', { models: { steps: ['<html>'] } }, /model list cannot be read/],
    ['when it breaks off', 'openai', { models: { before: ['reset!'] } }, /closed the connection/],
  ];
  for (const [name, kind, served, detail] of cases) {
    test(name, async () => {
      serve(served);
      const engine = open({ kind, model: 'm', apiKey: 'sk-secret' });
      const health = await engine.probe(soon());
      assert.equal(health.healthy, false);
      assert.match(health.detail, detail);
      assert.doesNotMatch(health.detail, /sk-secret/);
      assert.equal(engine.description(), undefined);
    });
  }

  test('when it does not answer before the signal is aborted', async () => {
    serve({ models: { before: ['hang!'] } });
    const controller = new AbortController();
    const probing = open().probe(controller.signal);
    controller.abort();
    assert.deepEqual(await probing, { healthy: false, detail: 'it did not answer in time', contextTokens: undefined });
    assert.equal((await open().probe(AbortSignal.abort())).healthy, false);
  });

  test('and is well again with the next probe', async () => {
    const engine = open();
    serve({ models: jsonOf({}, 500) });
    assert.equal((await engine.probe(soon())).healthy, false);
    serve({});
    assert.equal((await engine.probe(soon())).healthy, true);
    assert.notEqual(engine.description(), undefined);
  });
});

test('a server without a model list is well when it answers', async () => {
  serve({ models: jsonOf({ detail: 'Not Found' }, 404) });
  assert.equal((await open().probe(soon())).healthy, true);
});

test('the health path stands beside the path of the API, and the key is shown', async () => {
  await open({ kind: 'vllm', url: `${upstream.url}/`, apiKey: 'k' }).probe(soon());
  const [health, models] = upstream.requests.slice(-2);
  assert.deepEqual([health?.path, models?.path], ['/health', '/v1/models']);
  assert.equal(health?.headers.authorization, 'Bearer k');
});

test('prompts are estimated', async () => {
  const { request, thinking } = createJob();
  assert.equal(await open().countPromptTokens({ request, thinking }), 10);
});
