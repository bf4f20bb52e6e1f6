/** Embeddings of an upstream engine: of another Plumb through a pool, and of servers that answer otherwise. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { EmbeddingRequest, EmbeddingResponse } from '@plumb/wire';
import OpenAI from 'openai';
import { openPool } from '../pool/support/open-pool.js';
import { writeBertModel } from '../support/gguf/bert-model.js';
import { startPlumb } from '../support/plumb.js';
import { jsonOf, ScriptedUpstream } from '../support/scripted-upstream.js';
import { createEngine } from './support/jobs.js';
import { RecordingSink } from './support/recording-sink.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-upstream-embeddings-'));
after(() => rmSync(folder, { recursive: true }));
const modelPath = join(folder, 'bert.gguf');
writeBertModel(modelPath, { contextTokens: 64, hidden: 32 });

const CHAT = { id: 'deepseek-chat', aliases: [], pool: 'embedded', thinking: 'disabled', owned_by: 'test' } as const;
const vectors = (pool: string) => ({ ...CHAT, id: 'text-embedding', kind: 'embeddings', pool }) as const;

describe('embeddings of another Plumb', async () => {
  const back = await startPlumb({
    embeddings: { path: modelPath },
    settings: { models: [CHAT, vectors('embedded')], default_tier: 'unlimited' },
  });
  after(() => back.stop());
  const engines = { back: { kind: 'plumb', url: `${back.url}/v1`, api_key: back.key } };
  const front = await startPlumb({
    settings: { models: [CHAT, vectors('main')], pools: { main: { engines } }, default_tier: 'unlimited' },
  });
  after(() => front.stop());
  const ask = async (server: typeof back, body: object) => {
    const whole = { model: 'text-embedding', ...body };
    const response = await server.request('/v1/embeddings', { method: 'POST', body: whole });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as EmbeddingResponse;
  };

  for (const wish of [{}, { encoding_format: 'base64' }, { dimensions: 8 }]) {
    test(`are the same through a pool, with ${JSON.stringify(wish)}`, async () => {
      const body = { input: ['The lake is deep.', 'The line is long.'], ...wish };
      assert.deepEqual(await ask(front, body), await ask(back, body));
    });
  }

  test('come to the SDK, which asks for base64 by itself', async () => {
    const client = new OpenAI({ baseURL: `${front.url}/v1`, apiKey: front.key, maxRetries: 0 });
    const { data } = await client.embeddings.create({ model: 'text-embedding', input: 'Hi' });
    const [own] = (await ask(back, { input: 'Hi' })).data;
    assert.deepEqual(data[0]?.embedding, own?.embedding);
  });

  test('are refused as it refuses them', async () => {
    const body = { model: 'text-embedding', input: 'word '.repeat(500) };
    const [ours, theirs] = await Promise.all(
      [front, back].map((server) => server.request('/v1/embeddings', { method: 'POST', body })),
    );
    assert.deepEqual([ours?.status, theirs?.status], [400, 400]);
    assert.deepEqual(await ours?.json(), await theirs?.json());
  });
});

test('embeddings of a pool whose engine makes none are a 503, and end once', async () => {
  const { pool } = await openPool({ a: {} });
  await assert.rejects(async () => pool.countInputTokens({ request: { model: 'm', input: 'Hi' } }), { status: 503 });
  const sink = new RecordingSink();
  pool.embed({ id: '1', model: 'm', request: { model: 'm', input: 'Hi' }, account: 'account' }, sink);
  await sink.ended;
  assert.equal(sink.failure?.error.status, 503);
});

describe('embeddings of any server', async () => {
  const upstream = await ScriptedUpstream.start();
  after(() => upstream.close());
  const engine = createEngine({ url: upstream.url, model: 'theirs' });
  after(() => engine.close());

  const embed = async (answer: unknown, request: Partial<EmbeddingRequest> = {}) => {
    upstream.answer('/v1/embeddings', jsonOf(answer));
    const sink = new RecordingSink();
    const whole = { model: 'text-embedding', input: ['a', 'b'], ...request };
    engine.embed({ id: '1', model: 'text-embedding', request: whole, account: 'account' }, sink);
    await sink.ended;
    return sink;
  };
  const bodyOf = ({ end }: RecordingSink) =>
    JSON.parse(
      Buffer.from(end?.lastEvents ?? [])
        .toString()
        .replace('data: ', ''),
    ) as EmbeddingResponse;
  const data = [
    { index: 1, embedding: [0.5, -2] },
    { index: 0, embedding: [1, 0.25] },
  ];

  test('are put in the order of the inputs, under our name of the model, with its count', async () => {
    const sink = await embed({ data, model: 'theirs', usage: { prompt_tokens: 7, total_tokens: 7 } });
    const body = bodyOf(sink);
    assert.deepEqual(
      body.data.map(({ embedding }) => embedding),
      [
        [1, 0.25],
        [0.5, -2],
      ],
    );
    assert.deepEqual([body.model, body.usage], ['text-embedding', { prompt_tokens: 7, total_tokens: 7 }]);
    assert.equal(sink.end?.usage.prompt_cache_miss_tokens, 7);
    assert.equal(upstream.requests.at(-1)?.json.model, 'theirs');
  });

  test('become base64 where that was asked for and numbers came, and the other way round', async () => {
    const encoded = bodyOf(await embed({ data }, { encoding_format: 'base64' })).data.map(({ embedding }) => embedding);
    assert.deepEqual(encoded, [
      Buffer.from(Float32Array.of(1, 0.25).buffer).toString('base64'),
      Buffer.from(Float32Array.of(0.5, -2).buffer).toString('base64'),
    ]);
    const texts = encoded.map((embedding, index) => ({ index, embedding }));
    assert.deepEqual(
      bodyOf(await embed({ data: texts })).data.map(({ embedding }) => embedding),
      [
        [1, 0.25],
        [0.5, -2],
      ],
    );
  });

  const wrong: [string, unknown][] = [
    ['there are too few', { data: data.slice(1) }],
    ['two are of one input', { data: [data[0], data[0]] }],
    ['a place is of no input', { data: [data[0], { index: 7, embedding: [1] }] }],
    ['one is empty', { data: [data[0], { index: 0, embedding: [] }] }],
    ['one is no vector', { data: [data[0], { index: 0, embedding: ['a'] }] }],
    ['it is none at all', 'no'],
    ['it is an error', { error: { message: 'out of memory', code: 500 } }],
  ];
  for (const [name, answer] of wrong) {
    test(`are a failure of the engine where ${name}`, async () => {
      const { failure, end } = await embed(answer);
      assert.deepEqual([end, failure?.error.status, failure?.reason?.cause], [undefined, 503, 'engine']);
    });
  }
});
