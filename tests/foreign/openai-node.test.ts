/** The unmodified OpenAI SDK for Node against the real server: base URL, key and model are the only changes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { contentEvent, ended, PlayedEngine, type PlayedGeneration } from '../support/played-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { FAIL, WARM_UP } from './support/refusing-server.js';
import {
  AFTER_CALL,
  CALLED_WITH,
  HELLO,
  REPORT,
  REPORT_FUNCTION,
  type ScriptedServers,
  startScriptedServers,
  THOUGHT,
  TOOL_RESULT,
} from './support/scripted-servers.js';

const messages = [{ role: 'user', content: 'Hi' }] as const;

let servers: ScriptedServers;
let plumb: TestServer;
let client: OpenAI;
before(async () => {
  servers = await startScriptedServers();
  plumb = servers.hello;
  client = connect(plumb);
});
after(() => servers.stop());

function connect({ url, key }: TestServer): OpenAI {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
}

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

  test('raises its own error classes where there is no money, no room or no engine', async () => {
    const { base_url: baseURL, ...keys } = servers.refusing.refusals;
    const ask = (apiKey: string, content = 'Hi') =>
      new OpenAI({ baseURL, apiKey, maxRetries: 0 }).chat.completions.create({
        model: 'deepseek-chat',
        messages: [{ role: 'user', content }],
      });
    const isError = (kind: new (...args: never[]) => Error, message: RegExp) => (error: unknown) =>
      error instanceof kind && message.test(error.message);
    await assert.rejects(ask(keys.poor_key), isError(OpenAI.APIError, /^402 Insufficient Balance$/));
    await ask(keys.limited_key);
    await assert.rejects(ask(keys.limited_key), isError(OpenAI.RateLimitError, /^429 Rate limit reached/));
    await assert.rejects(ask(keys.key, FAIL), isError(OpenAI.InternalServerError, /^503 Service is too busy/));
  });

  test('comes again by itself when Retry-After says so, and is answered', async () => {
    const { base_url: baseURL, patient_key: apiKey } = servers.refusing.refusals;
    const patient = new OpenAI({ baseURL, apiKey });
    const ask = (content: string) =>
      patient.chat.completions.create({ model: 'deepseek-chat', messages: [{ role: 'user', content }] });
    await ask(WARM_UP);
    assert.equal((await ask('Hi')).choices[0]?.message.content, 'Hi');
    servers.refusing.assertPatience();
  });

  test('loops over a tool until the answer with its own helper, streamed and not', async () => {
    const getWeather = (input: unknown) => {
      assert.deepEqual(input, CALLED_WITH);
      return TOOL_RESULT;
    };
    const parameters = z.object({ city: z.string() });
    const tool = zodFunction({ name: 'get_weather', parameters, function: getWeather });
    const asked = { model: 'deepseek-chat', messages: [...messages], tools: [tool] };
    const caller = connect(servers.tools);
    assert.equal(await caller.chat.completions.runTools(asked).finalContent(), AFTER_CALL);
    assert.equal(await caller.chat.completions.runTools({ ...asked, stream: true }).finalContent(), AFTER_CALL);
  });

  test('parses an object of a schema with its own helper, streamed and not', async () => {
    const report = z.object({ city: z.string(), weather: z.enum(['sunny', 'rainy']), days: z.number().int() });
    const asked = {
      model: 'deepseek-chat',
      messages: [...messages],
      response_format: zodResponseFormat(report, REPORT_FUNCTION),
    };
    const { completions } = connect(servers.reports).chat;
    assert.deepEqual((await completions.parse(asked)).choices[0]?.message.parsed, REPORT);
    const streamed = await completions.stream(asked).finalChatCompletion();
    assert.deepEqual(streamed.choices[0]?.message.parsed, REPORT);
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
});
