/** A real engine behind the adapter: another Plumb with its embedded engine, asked directly and through one in front. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ChatChunk, ChatResponse, CompletionResponse } from '@plumb/wire';
import { EventDecoder } from '@plumb/wire';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { createEngine } from './support/jobs.js';

const back = await startPlumb({ script: 'unicode' });
after(() => back.stop());
const engine = createEngine({ kind: 'plumb', url: `${back.url}/v1`, apiKey: back.key });
const health = await engine.probe(AbortSignal.timeout(30_000));
const front = await startPlumb({ engine });
after(() => front.stop());

const [model] = ((await (await back.request('/v1/models')).json()) as { data: { id: string }[] }).data;
const body = { model: model?.id, messages: [{ role: 'user', content: 'Hi' }], temperature: 0, max_tokens: 60 };

/** What does not depend on when and by whom it was made. */
async function answerOf(server: TestServer, wish: object): Promise<object> {
  const response = await server.chat({ ...body, ...wish });
  assert.equal(response.status, 200);
  const { choices, usage, model, system_fingerprint } = (await response.json()) as ChatResponse;
  const { prompt_cache_hit_tokens: _, prompt_cache_miss_tokens: __, prompt_tokens_details: ___, ...used } = usage;
  return { choices, model, system_fingerprint, used };
}

async function chunksOf(server: TestServer, wish: object): Promise<object[]> {
  const response = await server.chat({ ...body, ...wish, stream: true, stream_options: { include_usage: true } });
  const text = await response.text();
  assert.ok(text.endsWith('data: [DONE]\n\n'));
  const events = new EventDecoder().push(Buffer.from(text)).slice(0, -1);
  return events
    .map(({ data }) => JSON.parse(data) as ChatChunk)
    .map(({ choices, usage }) => ({ choices, total: usage?.total_tokens }));
}

test('another Plumb is found to be well, with its context', () => {
  assert.equal(health.healthy, true, health.detail);
  assert.ok((health.contextTokens ?? 0) > 0);
});

for (const thinking of ['enabled', 'disabled']) {
  const wish = { thinking: { type: thinking } };
  test(`its answer is the same through another one, thinking ${thinking}`, async () => {
    assert.deepEqual(await answerOf(front, wish), await answerOf(back, wish));
  });

  test(`its stream is the same, chunk by chunk, thinking ${thinking}`, async () => {
    assert.deepEqual(await chunksOf(front, wish), await chunksOf(back, wish));
  });
}

for (const text of [{ prompt: 'def add(a, b):' }, { prompt: 'a = ', suffix: 'b' }]) {
  const what = 'suffix' in text ? 'gap filled' : 'text continued';
  test(`a ${what} by it is the same through another one, with its probabilities`, async () => {
    const [ours, theirs] = await Promise.all([front, back].map((server) => completionOf(server, text)));
    assert.equal(ours?.usage.total_tokens, theirs?.usage.total_tokens);
    assert.deepEqual(ours?.choices, theirs?.choices);
  });
}

async function completionOf(server: TestServer, text: object): Promise<CompletionResponse> {
  const logprobs = 'suffix' in text ? {} : { logprobs: 1 };
  const settings = { model: model?.id, temperature: 0, max_tokens: 30, ...logprobs };
  const response = await server.request('/v1/completions', { method: 'POST', body: { ...settings, ...text } });
  assert.equal(response.status, 200);
  return (await response.json()) as CompletionResponse;
}

test('its refusal of a request is ours', async () => {
  const long = { ...body, messages: [{ role: 'user', content: 'word '.repeat(20_000) }] };
  const [ours, theirs] = await Promise.all([front.chat(long), back.chat(long)]);
  assert.deepEqual([ours.status, theirs.status], [400, 400]);
  assert.deepEqual(await ours.json(), await theirs.json());
});
