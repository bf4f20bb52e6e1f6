/** The unmodified OpenAI SDK for Node against the real server: base URL, key and model are the only changes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { contentEvent, ended, PlayedEngine, type PlayedGeneration } from '../support/played-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHT = 'Let me think about that. Done thinking.';
const messages = [{ role: 'user', content: 'Hi' }] as const;

let plumb: TestServer;
let client: OpenAI;
before(async () => {
  plumb = await startPlumb();
  client = new OpenAI({ baseURL: `${plumb.url}/v1`, apiKey: plumb.key, maxRetries: 0 });
});
after(() => plumb.stop());

/** DeepSeek's field is not in OpenAI's types; users of the SDK read it like this. */
function reasoningOf(part: object | undefined): string {
  return (part as { reasoning_content?: string | null } | undefined)?.reasoning_content ?? '';
}

describe('the OpenAI SDK for Node', () => {
  test('gets a chat completion', async () => {
    const answer = await client.chat.completions.create({ model: 'deepseek-chat', messages: [...messages] });
    assert.equal(answer.choices[0]?.message.content, HELLO);
    assert.equal(answer.choices[0]?.finish_reason, 'stop');
    assert.ok((answer.usage?.total_tokens ?? 0) > 0);
    assert.match(answer._request_id ?? '', /^[0-9a-f]{32}$/);
  });

  test('streams a chat completion', async () => {
    const stream = await client.chat.completions.create({
      model: 'deepseek-chat',
      messages: [...messages],
      stream: true,
    });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    assert.equal(text, HELLO);
  });

  test('gets usage in a stream that asks for it', async () => {
    const stream = await client.chat.completions.create({
      model: 'deepseek-chat',
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    });
    let total = 0;
    for await (const chunk of stream) total += chunk.usage?.total_tokens ?? 0;
    assert.ok(total > 0);
  });

  test('collects a stream with its own helper', async () => {
    const stream = client.chat.completions.stream({ model: 'deepseek-chat', messages: [...messages] });
    assert.equal(await stream.finalContent(), HELLO);
  });

  test('gets the reasoning of the reasoner, streamed and not', async () => {
    const answer = await client.chat.completions.create({ model: 'deepseek-reasoner', messages: [...messages] });
    assert.equal(reasoningOf(answer.choices[0]?.message), THOUGHT);
    const stream = await client.chat.completions.create({
      model: 'deepseek-reasoner',
      messages: [...messages],
      stream: true,
    });
    let reasoning = '';
    for await (const chunk of stream) reasoning += reasoningOf(chunk.choices[0]?.delta);
    assert.equal(reasoning, THOUGHT);
  });

  test('lists and retrieves models', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, ['deepseek-chat', 'deepseek-reasoner']);
    assert.equal((await client.models.retrieve('deepseek-chat')).id, 'deepseek-chat');
  });

  test('raises its own error classes with our sentences', async () => {
    const wrongKey = client.withOptions({ apiKey: 'sk-wrong-key-0000' });
    await assert.rejects(
      wrongKey.chat.completions.create({ model: 'deepseek-chat', messages: [...messages] }),
      (error) => error instanceof OpenAI.AuthenticationError && /\*{4}0000 is invalid/.test(error.message),
    );
    await assert.rejects(
      client.chat.completions.create({ model: 'gpt-4o', messages: [...messages] }),
      (error) => error instanceof OpenAI.BadRequestError && /supported API model names/.test(error.message),
    );
    await assert.rejects(client.embeddings.create({ model: 'x', input: 'y' }), OpenAI.NotFoundError);
  });

  test('stops the generation when it aborts a stream', async () => {
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { model: 'deepseek-chat', messages: [...messages], stream: true },
      { signal: controller.signal },
    );
    for await (const _ of stream) {
      controller.abort();
      break;
    }
    assert.equal((await plumb.chat({ model: 'deepseek-chat', messages })).status, 200);
  });
});

describe('the OpenAI SDK for Node, at a limit', () => {
  const settings = { tiers: { test: { concurrent_requests: 1 } }, default_tier: 'test' };
  const ask = { model: 'deepseek-chat', messages: [...messages] };
  const end = (generation: PlayedGeneration) =>
    generation.sink.onEnd({ ...ended(), lastEvents: contentEvent('Hi', 'stop') });

  test('raises its own error, with the headers that say when to come again', async (context) => {
    const engine = new PlayedEngine();
    const limited = await startPlumb({ engine, settings });
    context.after(() => limited.stop());
    const impatient = new OpenAI({ baseURL: `${limited.url}/v1`, apiKey: limited.key, maxRetries: 0 });
    const arrival = engine.next();
    const first = impatient.chat.completions.create(ask);
    const running = await arrival;
    await assert.rejects(impatient.chat.completions.create(ask), (error: unknown) => {
      assert.ok(error instanceof OpenAI.RateLimitError);
      assert.match(error.message, /^429 Too many requests\. The concurrency limit of 1/);
      assert.equal(error.headers.get('retry-after-ms'), '1000');
      return true;
    });
    end(running);
    await first;
  });

  test('comes again by itself when Retry-After says so, and is answered', async (context) => {
    const engine = new PlayedEngine();
    const limited = await startPlumb({ engine, settings });
    context.after(() => limited.stop());
    const patient = new OpenAI({ baseURL: `${limited.url}/v1`, apiKey: limited.key, maxRetries: 1 });
    const arrival = engine.next();
    const first = patient.chat.completions.create(ask);
    const running = await arrival;
    const second = patient.chat.completions.create(ask);
    while (!limited.lines.some(({ status }) => status === 429)) await new Promise((resolve) => setImmediate(resolve));
    const next = engine.next();
    end(running);
    await first;
    end(await next);
    assert.equal((await second).choices[0]?.message.content, 'Hi');
  });
});
