/** What a chat completion looks like on the wire, byte for byte where the contract gives bytes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { type RawResponse, rawRequest } from '../support/raw-http.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHT = 'Let me think about that. Done thinking.';
const HI = [{ role: 'user', content: 'Hi' }];

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb();
});
after(() => plumb.stop());

function post(body: object, path = '/v1/chat/completions'): Promise<RawResponse> {
  return rawRequest(plumb.url, {
    method: 'POST',
    path,
    headers: { authorization: `Bearer ${plumb.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function events(response: RawResponse): string[] {
  return response.body.split('\n\n').filter((event) => event !== '');
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers freely; the assertions are the types.
function dataOf(event: string | undefined): any {
  return JSON.parse((event ?? '').replace(/^data: /, ''));
}

describe('a buffered answer', () => {
  test('has exactly the keys of the contract, in its order', async () => {
    const response = await post({ model: 'deepseek-chat', messages: HI });
    assert.equal(response.status, 200);
    assert.equal(response.headers['content-type'], 'application/json');
    const answer = JSON.parse(response.body);
    assert.deepEqual(Object.keys(answer), [
      'id',
      'object',
      'created',
      'model',
      'choices',
      'usage',
      'system_fingerprint',
    ]);
    assert.match(answer.id, UUID);
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.model, 'deepseek-chat');
    assert.match(answer.system_fingerprint, /^[0-9a-f]{32}$/);
    assert.equal(
      JSON.stringify(answer.choices),
      `[{"index":0,"message":{"role":"assistant","content":"${HELLO}"},"logprobs":null,"finish_reason":"stop"}]`,
    );
  });

  test('counts every prompt token as either a cache hit or a miss', async () => {
    const { usage } = JSON.parse((await post({ model: 'deepseek-chat', messages: HI })).body);
    assert.deepEqual(Object.keys(usage), [
      'prompt_tokens',
      'completion_tokens',
      'total_tokens',
      'prompt_tokens_details',
      'prompt_cache_hit_tokens',
      'prompt_cache_miss_tokens',
    ]);
    assert.equal(usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens, usage.prompt_tokens);
    assert.equal(usage.prompt_tokens_details.cached_tokens, usage.prompt_cache_hit_tokens);
    assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
  });

  test('of the reasoner has reasoning_content before content in the message and counts its tokens', async () => {
    const answer = JSON.parse((await post({ model: 'deepseek-reasoner', messages: HI })).body);
    const { message } = answer.choices[0];
    assert.deepEqual(Object.keys(message), ['role', 'content', 'reasoning_content']);
    assert.equal(message.reasoning_content, THOUGHT);
    assert.equal(message.content, HELLO);
    const { reasoning_tokens } = answer.usage.completion_tokens_details;
    assert.ok(reasoning_tokens > 0 && reasoning_tokens < answer.usage.completion_tokens);
  });

  test('thinks when the request says so and not when it says not', async () => {
    const enabled = await post({ model: 'deepseek-chat', messages: HI, thinking: { type: 'enabled' } });
    const disabled = await post({ model: 'deepseek-reasoner', messages: HI, thinking: { type: 'disabled' } });
    assert.equal(JSON.parse(enabled.body).choices[0].message.reasoning_content, THOUGHT);
    assert.ok(!('reasoning_content' in JSON.parse(disabled.body).choices[0].message));
    assert.ok(!('completion_tokens_details' in JSON.parse(disabled.body).usage));
  });
});

describe('a streamed answer', () => {
  test('is data-only events of one id that end with usage on the last chunk and [DONE]', async () => {
    const response = await post({ model: 'deepseek-chat', messages: HI, stream: true });
    assert.equal(response.headers['content-type'], 'text/event-stream');
    const all = events(response);
    assert.ok(all.every((event) => event.startsWith('data: ')));
    assert.equal(all.at(-1), 'data: [DONE]');
    const chunks = all.slice(0, -1).map(dataOf);
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
    assert.match(chunks[0].id, UUID);
    assert.equal(
      JSON.stringify(chunks[0].choices),
      '[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]',
    );
    assert.equal(
      JSON.stringify(chunks.at(-1).choices),
      '[{"index":0,"delta":{"content":""},"logprobs":null,"finish_reason":"stop"}]',
    );
    assert.deepEqual(
      chunks.filter((chunk) => 'usage' in chunk),
      [chunks.at(-1)],
    );
    assert.equal(chunks.map(({ choices }) => choices[0].delta.content).join(''), HELLO);
  });

  test('has its keys in the order of the contract', async () => {
    const all = events(await post({ model: 'deepseek-chat', messages: HI, stream: true }))
      .slice(0, -1)
      .map(dataOf);
    const keys = ['id', 'object', 'created', 'model', 'system_fingerprint', 'choices'];
    assert.deepEqual(Object.keys(all[1]), keys);
    assert.deepEqual(Object.keys(all.at(-1)), [...keys, 'usage']);
    assert.deepEqual(Object.keys(all[1].choices[0]), ['index', 'delta', 'logprobs', 'finish_reason']);
  });

  test('with include_usage says "usage":null on every chunk but the last', async () => {
    const response = await post({
      model: 'deepseek-chat',
      messages: HI,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = events(response).slice(0, -1).map(dataOf);
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.usage === null));
    assert.ok(chunks.at(-1).usage.prompt_tokens > 0);
    assert.equal(chunks.at(-1).choices.length, 1);
  });

  test('of the reasoner streams all reasoning before the answer, each beside a null of the other', async () => {
    const all = events(await post({ model: 'deepseek-reasoner', messages: HI, stream: true }))
      .slice(0, -1)
      .map(dataOf);
    const deltas = all.map(({ choices }) => choices[0].delta);
    assert.equal(JSON.stringify(deltas[0]), '{"role":"assistant","content":null,"reasoning_content":""}');
    assert.equal(JSON.stringify(deltas.at(-1)), '{"content":"","reasoning_content":null}');
    const firstContent = deltas.findIndex(({ content }) => typeof content === 'string' && content !== '');
    assert.ok(deltas.slice(1, firstContent).every(({ content }) => content === null));
    assert.ok(deltas.slice(firstContent).every(({ reasoning_content }) => reasoning_content === null));
    assert.equal(deltas.map(({ reasoning_content }) => reasoning_content ?? '').join(''), THOUGHT);
    assert.equal(deltas.map(({ content }) => content ?? '').join(''), HELLO);
  });
});

describe('every answer', () => {
  test('carries a trace id of 32 hex digits under both names', async () => {
    const { headers } = await post({ model: 'deepseek-chat', messages: HI });
    assert.match(headers['x-ds-trace-id'] ?? '', /^[0-9a-f]{32}$/);
    assert.equal(headers['x-request-id'], headers['x-ds-trace-id']);
  });

  for (const prefix of ['', '/v1', '/beta']) {
    test(`is the same under ${prefix || '/'}`, async () => {
      const response = await post({ model: 'deepseek-chat', messages: HI }, `${prefix}/chat/completions`);
      assert.equal(JSON.parse(response.body).choices[0].message.content, HELLO);
    });
  }

  test('echoes the canonical id of an alias', async () => {
    const answer = JSON.parse((await post({ model: 'deepseek-v4-flash', messages: HI })).body);
    assert.equal(answer.model, 'deepseek-reasoner');
  });

  test('leaves one log line with usage and trace and without any text of the conversation', async () => {
    const secret = 'a very private sentence';
    const { headers } = await post({ model: 'deepseek-chat', messages: [{ role: 'user', content: secret }] });
    const lines = plumb.lines.filter(({ trace }) => trace === headers['x-ds-trace-id']);
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.status, 200);
    assert.ok(!JSON.stringify(lines).includes(secret));
    assert.ok(!JSON.stringify(lines).includes(plumb.key));
    assert.ok(!JSON.stringify(lines).includes(HELLO));
  });
});

describe('models', () => {
  test('lists the configured ids with their windows', async () => {
    const list = JSON.parse(await (await plumb.request('/models')).text());
    assert.equal(list.object, 'list');
    assert.deepEqual(
      list.data.map(({ id }: { id: string }) => id),
      ['deepseek-chat', 'deepseek-reasoner'],
    );
    assert.equal(list.data[0].object, 'model');
    assert.equal(list.data[0].context_window, 1024);
  });

  test('gives one model by id and 404 for one that is not there', async () => {
    const model = JSON.parse(await (await plumb.request('/v1/models/deepseek-chat')).text());
    assert.equal(model.id, 'deepseek-chat');
    assert.equal((await plumb.request('/v1/models/gpt-4')).status, 404);
  });
});
