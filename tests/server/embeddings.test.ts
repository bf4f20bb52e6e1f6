/** `POST /embeddings` in the shape of OpenAI's API, on a real embedding model in a process of its own. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { EmbeddingResponse } from '@plumb/wire';
import OpenAI from 'openai';
import { AnsweringEngine } from '../support/answering-engine.js';
import { bertVocabularySize, writeBertModel } from '../support/gguf/bert-model.js';
import { Operator } from '../support/operator.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const DIMENSIONS = 32;
const CONTEXT_TOKENS = 64;
const MODELS = [
  { id: 'deepseek-chat', aliases: [], pool: 'embedded', thinking: 'disabled', owned_by: 'test' },
  {
    ...{ id: 'text-embedding', aliases: ['text-embedding-3-small'], pool: 'embedded', kind: 'embeddings' },
    ...{ thinking: 'disabled', owned_by: 'test' },
  },
];

const folder = mkdtempSync(join(tmpdir(), 'plumb-embeddings-'));
const modelPath = join(folder, 'bert.gguf');
writeBertModel(modelPath, { contextTokens: CONTEXT_TOKENS, hidden: DIMENSIONS });

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({
    engine: new AnsweringEngine(),
    embeddings: { path: modelPath },
    settings: { models: MODELS },
  });
});
after(async () => {
  await plumb.stop();
  rmSync(folder, { recursive: true });
});

function post(fields: object, server = plumb): Promise<Response> {
  return server.request('/v1/embeddings', { method: 'POST', body: { model: 'text-embedding', ...fields } });
}

async function embed(fields: object): Promise<EmbeddingResponse> {
  const response = await post(fields);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

async function vectorOf(input: unknown, fields: object = {}): Promise<number[]> {
  return (await embed({ input, ...fields })).data[0]!.embedding as number[];
}

async function refusal(fields: object, server = plumb): Promise<{ status: number; message: string }> {
  const response = await post(fields, server);
  return { status: response.status, message: JSON.parse(await response.text()).error.message };
}

const lengthOf = (vector: readonly number[]) => Math.hypot(...vector);
const similarity = (one: readonly number[], two: readonly number[]) =>
  one.reduce((sum, value, index) => sum + value * two[index]!, 0);

describe('embeddings', () => {
  test('have exactly the keys of the contract, in its order', async () => {
    const answer = await embed({ input: 'the lake is deep' });
    assert.deepEqual(Object.keys(answer), ['object', 'data', 'model', 'usage']);
    assert.equal(answer.object, 'list');
    assert.equal(answer.model, 'text-embedding');
    assert.deepEqual(Object.keys(answer.data[0]!), ['object', 'index', 'embedding']);
    // Four words, and the tokens that the model wants around them.
    assert.deepEqual(answer.usage, { prompt_tokens: 6, total_tokens: 6 });
  });

  test('are vectors of length 1 that differ with the order of the words', async () => {
    const vector = await vectorOf('the lake is deep');
    assert.equal(vector.length, DIMENSIONS);
    assert.ok(Math.abs(lengthOf(vector) - 1) < 1e-6);
    assert.deepEqual(await vectorOf('the lake is deep'), vector, 'the same text, the same vector');
    assert.ok(similarity(vector, await vectorOf('deep is the lake')) < 0.9999);
  });

  test('come in the order of the inputs, each as if it were alone', async () => {
    const inputs = ['the lake', 'is deep', 'hello world hello world'];
    const { data, usage } = await embed({ input: inputs });
    assert.deepEqual(
      data.map(({ index }) => index),
      [0, 1, 2],
    );
    for (const [index, input] of inputs.entries()) {
      assert.ok(similarity(data[index]!.embedding as number[], await vectorOf(input)) > 1 - 1e-6, input);
    }
    assert.equal(usage.prompt_tokens, 4 + 4 + 6);
  });

  test('are made of tokens as well, one list or several', async () => {
    const { data, usage } = await embed({ input: [[4, 5], [6]] });
    assert.equal(data.length, 2);
    assert.equal(usage.prompt_tokens, 4 + 3);
    assert.deepEqual(data[0]!.embedding, await vectorOf('the lake'));
    assert.deepEqual(await vectorOf([4, 5]), await vectorOf('the lake'));
  });

  test('can be had as base64, the same to the last bit of 32', async () => {
    const { data } = await embed({ input: 'the lake', encoding_format: 'base64' });
    const bytes = Buffer.from(data[0]!.embedding as string, 'base64');
    const numbers = Array.from({ length: DIMENSIONS }, (_, index) => bytes.readFloatLE(4 * index));
    assert.deepEqual(numbers, await vectorOf('the lake'));
  });

  test('can be cut to their first dimensions, at length 1 again', async () => {
    const whole = await vectorOf('the lake');
    const cut = await vectorOf('the lake', { dimensions: 8 });
    assert.equal(cut.length, 8);
    assert.ok(Math.abs(lengthOf(cut) - 1) < 1e-6);
    assert.ok(similarity(cut, whole.slice(0, 8)) / lengthOf(whole.slice(0, 8)) > 1 - 1e-6);
  });

  test('are served under every prefix, and by an alias under the canonical id', async () => {
    for (const prefix of ['', '/v1', '/beta']) {
      const body = { model: 'text-embedding-3-small', input: 'the lake' };
      const response = await plumb.request(`${prefix}/embeddings`, { method: 'POST', body });
      assert.equal(JSON.parse(await response.text()).model, 'text-embedding');
    }
  });

  test('are what the OpenAI SDK asks for', async () => {
    const client = new OpenAI({ baseURL: `${plumb.url}/v1`, apiKey: plumb.key });
    const { data } = await client.embeddings.create({ model: 'text-embedding', input: 'the lake' });
    assert.deepEqual(Array.from(data[0]!.embedding), await vectorOf('the lake'));
  });

  test('take nothing of what a text looks like for a marker', async () => {
    assert.ok((await embed({ input: '[SEP]' })).usage.prompt_tokens > 3);
  });
});

describe('a request for embeddings is refused', () => {
  const cases: [fields: object, message: RegExp][] = [
    [{}, /missing field `input`/],
    [{ input: 5 }, /input: invalid type: integer `5`, expected a string or a sequence/],
    [{ input: '' }, /must not be empty/],
    [{ input: [] }, /must not be empty/],
    [{ input: ['a', ''] }, /must not be empty/],
    [{ input: ['a', 1] }, /not a mixture/],
    [{ input: [[1], []] }, /must not be empty/],
    [{ input: [bertVocabularySize()] }, /token is not in the vocabulary/],
    [{ input: 'lake '.repeat(CONTEXT_TOKENS) }, /at most 64 tokens of an input, and this one has 66/],
    [{ input: 'x'.repeat(100_000) }, /is far longer/],
    [{ input: new Array(2049).fill('a') }, /maximum length 2048, but got an array with length 2049/],
    [{ input: 'a', dimensions: 0 }, /dimensions must be at least 1/],
    [{ input: 'a', dimensions: DIMENSIONS + 1 }, /valid range of dimensions is \[1, 32\]/],
    [{ input: 'a', encoding_format: 'hex' }, /unknown variant `hex`, expected `float` or `base64`/],
    [{ input: 'a', model: 'x' }, /supported API model names are text-embedding, but you passed x/],
    [{ input: 'a', model: 'deepseek-chat' }, /^deepseek-chat answers and makes no embeddings: use text-embedding\.$/],
  ];
  for (const [fields, message] of cases) {
    test(`${JSON.stringify(fields).slice(0, 60)}: ${message}`, async () => {
      const refused = await refusal(fields);
      assert.match(refused.message, message);
      assert.equal(refused.status, 400);
    });
  }

  test('with 404 and what to do, until a model for them is configured', async (context) => {
    const without = await startPlumb({ engine: new AnsweringEngine() });
    context.after(() => without.stop());
    const { status, message } = await refusal({ input: 'a' }, without);
    assert.equal(status, 404);
    assert.match(
      message,
      /no model for them is configured\. Name the GGUF of an embedding model in `embeddings\.model`/,
    );
  });
});

test('an embedding model does not answer', async () => {
  const response = await plumb.chat({ model: 'text-embedding', messages: [{ role: 'user', content: 'Hi' }] });
  assert.equal(response.status, 400);
  assert.match(JSON.parse(await response.text()).error.message, /^text-embedding makes embeddings and does not answer/);
});

test('an embedding model is listed with its window and without an answer', async () => {
  const model = JSON.parse(await (await plumb.request('/models/text-embedding')).text());
  assert.equal(model.context_window, CONTEXT_TOKENS);
  assert.ok(!('max_output_tokens' in model) && !('output_modalities' in model));
});

describe('embeddings are paid for', () => {
  const PRICE = { input_cache_hit: 0, input_cache_miss: 1, output: 2 };

  async function start(context: TestContext) {
    const server = await startPlumb({
      engine: new AnsweringEngine(),
      embeddings: { path: modelPath },
      settings: { models: MODELS.map((model) => ({ ...model, price: PRICE })) },
    });
    context.after(() => server.stop());
    return { server, operator: await Operator.open(context, { dataDir: server.dataDir }) };
  }

  test('by their tokens, at the price of input that is in no cache', async (context) => {
    const { server, operator } = await start(context);
    await operator.fund(server.account.id, '1');
    const response = await post({ input: ['the lake', 'is deep'] }, server);
    assert.equal(response.status, 200);
    const [usage] = await operator.usage();
    assert.deepEqual(
      [usage?.model, usage?.promptTokens, usage?.cacheHitTokens, usage?.completionTokens, usage?.cost, usage?.stream],
      ['text-embedding', 8, 0, 0, 8000n, false],
    );
    await operator.assertSettled();
    const headers = Object.fromEntries(response.headers);
    assert.equal(headers['x-ratelimit-remaining-tokens'], String(1_000_000 - 8));
  });

  test('or not made', async (context) => {
    const { server } = await start(context);
    assert.equal((await post({ input: 'the lake' }, server)).status, 402);
  });
});
