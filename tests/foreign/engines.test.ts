/**
 * Real engines elsewhere as a pool: llama-server and another Plumb side by side. At temperature 0 the same request gets
 * the same answer from either of them, and from the embedded engine itself.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatResponse } from '@plumb/wire';
import { defaultModelPath } from '../support/default-model.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';
import { type LlamaServer, llamaServerIsMissing, startLlamaServer } from '../support/llama-server.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const entry = (id: string, pool: string, thinking = 'disabled') => {
  return { id, aliases: [], pool, thinking, owned_by: 'test' };
};

/** Starts a model three times: embedded in a Plumb, in a llama-server, and behind a Plumb that has both as engines. */
async function startAll(modelPath: string) {
  const llama = await startLlamaServer(modelPath, [
    '--ctx-size',
    '4096',
    '--parallel',
    '2',
    '--jinja',
    '--batch-size',
    '48',
    '--ubatch-size',
    '48',
  ]);
  const other = await startPlumb({ modelPath, settings: { engine: { context_tokens: 2048 } } });
  const engines = {
    llama: { kind: 'llama-server', url: `${llama.url}/v1` },
    other: { kind: 'plumb', url: `${other.url}/v1`, api_key: other.key, model: 'deepseek-chat' },
  };
  const settings = {
    models: [
      entry('through-llama', 'llama'),
      entry('through-plumb', 'other'),
      entry('deepseek-chat', 'both'),
      entry('thinking-llama', 'llama', 'enabled'),
      entry('thinking-plumb', 'other', 'enabled'),
    ],
    pools: {
      llama: { engines: { llama: engines.llama } },
      other: { engines: { other: engines.other } },
      both: { engines },
    },
    default_tier: 'unlimited',
  };
  const front = await startPlumb({ settings, start: { model: {} } });
  const stop = async () => {
    await front.stop();
    await other.stop();
    await llama.kill();
  };
  return { llama, other, front, stop };
}

async function ask(server: TestServer, model: string, text: string, fields: object = {}): Promise<ChatResponse> {
  const messages = [{ role: 'user', content: text }];
  const response = await server.chat({ model, messages, temperature: 0, max_tokens: 48, ...fields });
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return JSON.parse(body) as ChatResponse;
}

/** The words before the first call of a tool, and the call. */
function readCall(message: ChatResponse['choices'][number]['message'] | undefined) {
  const { name, arguments: input } = message?.tool_calls?.[0]?.function ?? { name: 'none', arguments: '{}' };
  return { words: message?.content?.trim(), name, input: JSON.parse(input) as unknown };
}

const messageOf = ({ choices }: ChatResponse) => choices[0]!.message;

describe('llama-server and another Plumb as engines', { skip: llamaServerIsMissing }, () => {
  let folder: string;
  let all: Awaited<ReturnType<typeof startAll>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plumb-test-'));
    const { path } = writeScriptedModel(join(folder, 'scripted.gguf'));
    all = await startAll(path);
  });
  after(async () => {
    await all?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('give the answer of the embedded engine, with usage that adds up', async () => {
    const { front, other } = all;
    const expected = await ask(other, 'deepseek-chat', 'Hi');
    for (const model of ['through-llama', 'through-plumb']) {
      const { choices, usage, ...rest } = await ask(front, model, 'Hi');
      assert.deepEqual(choices, expected.choices, model);
      assert.equal(usage.prompt_tokens, expected.usage.prompt_tokens, model);
      // A llama-server counts the token that ends the turn as well.
      const counted = usage.completion_tokens - expected.usage.completion_tokens;
      assert.ok(counted === 0 || (model === 'through-llama' && counted === 1), `${model}: ${counted} tokens more`);
      assert.equal(usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens, usage.prompt_tokens, model);
      assert.deepEqual([rest.model, rest.object], [model, 'chat.completion']);
      assert.match(rest.id, /^[0-9a-f-]{36}$/);
    }
  });

  test('give its reasoning, apart from the answer', async () => {
    const { front, other } = all;
    const expected = messageOf(await ask(other, 'deepseek-reasoner', 'Hi'));
    assert.ok(expected.reasoning_content);
    for (const model of ['thinking-llama', 'thinking-plumb']) {
      assert.deepEqual(messageOf(await ask(front, model, 'Hi')), expected, model);
    }
  });

  test('stream what they answer buffered', async () => {
    const { front } = all;
    for (const model of ['through-llama', 'through-plumb', 'thinking-llama']) {
      const { choices } = await ask(front, model, 'Hi');
      const messages = [{ role: 'user', content: 'Hi' }];
      const response = await front.chat({ model, messages, temperature: 0, max_tokens: 48, stream: true });
      const events = (await response.text()).trim().split('\n\n');
      assert.equal(events.pop(), 'data: [DONE]');
      const deltas = events.map((event) => JSON.parse(event.replace('data: ', '')).choices[0].delta);
      const content = deltas.map(({ content: piece }) => piece ?? '').join('');
      const reasoning = deltas.map(({ reasoning_content: piece }) => piece ?? '').join('');
      const { content: whole, reasoning_content: thought } = choices[0]!.message;
      assert.deepEqual([content, reasoning], [whole, thought ?? ''], model);
    }
  });

  test('share the work of a pool', async () => {
    const { front } = all;
    await Promise.all(Array.from({ length: 12 }, () => ask(front, 'deepseek-chat', 'Hi')));
    const both = front.server.platform.pools.states().find(({ name }) => name === 'both');
    assert.ok(
      both?.engines.every(({ requests }) => requests > 0),
      JSON.stringify(both),
    );
  });
});

describe('tools on llama-server and another Plumb', { skip: llamaServerIsMissing }, () => {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
  let folder: string;
  let all: Awaited<ReturnType<typeof startAll>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plumb-test-'));
    const { path } = writeScriptedModel(join(folder, 'scripted.gguf'), { script: 'tool' });
    all = await startAll(path);
  });
  after(async () => {
    await all?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('are called in the same way, with the same words before', async () => {
    const { front, other } = all;
    const expected = await ask(other, 'deepseek-chat', 'Hi', { tools });
    assert.equal(expected.choices[0]?.finish_reason, 'tool_calls');
    for (const model of ['through-llama', 'through-plumb']) {
      const { choices } = await ask(front, model, 'Hi', { tools });
      assert.equal(choices[0]?.finish_reason, 'tool_calls', model);
      assert.deepEqual(readCall(choices[0]?.message), readCall(expected.choices[0]?.message), model);
    }
  });
});

const modelPath = defaultModelPath();
const skip = llamaServerIsMissing || (modelPath === undefined && 'the default model is not on this machine');

describe('a model with trained weights on llama-server and on another Plumb', {
  skip,
}, () => {
  let all: { llama: LlamaServer; other: TestServer; front: TestServer; stop(): Promise<void> };
  before(async () => {
    all = await startAll(modelPath!);
  });
  after(() => all?.stop());

  // Two builds of llama.cpp round differently: where two tokens are about as likely, their texts part sooner or later.
  const texts = ['What is the capital of France?', 'Count from one to ten.'];
  for (const text of texts) {
    test(`answers the same: ${text}`, async () => {
      const { front } = all;
      const llama = await ask(front, 'through-llama', text);
      const plumb = await ask(front, 'through-plumb', text);
      assert.equal(messageOf(llama).content, messageOf(plumb).content);
    });
  }
});
