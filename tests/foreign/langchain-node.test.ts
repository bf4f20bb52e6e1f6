/** The unmodified LangChain for Node with its DeepSeek integration against the real server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AIMessageChunk, HumanMessage, ToolMessage, type UsageMetadata } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatDeepSeek } from '@langchain/deepseek';
import OpenAI from 'openai';
import { z } from 'zod';
import { FAIL, WARM_UP } from './support/refusing-server.js';
import {
  AFTER_CALL,
  BEFORE_CALL,
  CALLED_WITH,
  HELLO,
  REPORT,
  REPORT_FUNCTION,
  type ScriptedServers,
  startScriptedServers,
  THOUGHT,
  TOOL_RESULT,
} from './support/scripted-servers.js';

let servers: ScriptedServers;
before(async () => {
  servers = await startScriptedServers();
});
after(() => servers.stop());

/** How the integration is pointed at Plumb. */
const connect = (baseURL: string, apiKey: string, model = 'deepseek-chat', maxRetries = 0) =>
  new ChatDeepSeek({ model, apiKey, maxRetries, configuration: { baseURL } });
const connectTo = (server: 'hello' | 'tools' | 'reports', model?: string) =>
  connect(`${servers[server].url}/v1`, servers[server].key, model);

async function collect(chunks: AsyncIterable<AIMessageChunk>): Promise<AIMessageChunk> {
  let whole: AIMessageChunk | undefined;
  for await (const chunk of chunks) whole = whole === undefined ? chunk : whole.concat(chunk);
  assert.ok(whole !== undefined);
  return whole;
}

/** Its types do not say that messages of its own models have it. */
function usageOf(message: { readonly usage_metadata?: unknown }): UsageMetadata {
  assert.ok(message.usage_metadata);
  return message.usage_metadata as UsageMetadata;
}

const getWeather = tool(() => TOOL_RESULT, {
  name: 'get_weather',
  description: 'The weather of a city.',
  schema: z.object({ city: z.string() }),
});
/** Runs the tool as the one call of a message says. */
async function runCall({ tool_calls: calls = [] }: AIMessageChunk): Promise<ToolMessage> {
  assert.deepEqual(
    calls.map(({ name, args }) => [name, args]),
    [['get_weather', CALLED_WITH]],
  );
  const result: ToolMessage = await getWeather.invoke(calls[0]!);
  assert.ok(result instanceof ToolMessage && result.content === TOOL_RESULT);
  return result;
}

const report = z.object({ city: z.string(), weather: z.enum(['sunny', 'rainy']), days: z.number().int() });

describe('@langchain/deepseek', () => {
  test('answers a message, with its usage', async () => {
    const answer = await connectTo('hello').invoke('Hi');
    assert.deepEqual([answer.content, answer.response_metadata.finish_reason], [HELLO, 'stop']);
    const usage = usageOf(answer);
    assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
    assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
  });

  test('streams an answer, with its usage counted once', async () => {
    const model = connectTo('hello');
    const streamed = await collect(await model.stream('Hi'));
    assert.equal(streamed.content, HELLO);
    const buffered = usageOf(await model.invoke('Hi'));
    const { input_tokens, output_tokens } = usageOf(streamed);
    assert.deepEqual([input_tokens, output_tokens], [buffered.input_tokens, buffered.output_tokens]);
  });

  test('gets the reasoning, streamed and not', async () => {
    const model = connectTo('hello', 'deepseek-reasoner');
    for (const answer of [await model.invoke('Hi'), await collect(await model.stream('Hi'))]) {
      assert.deepEqual([answer.additional_kwargs.reasoning_content, answer.content], [THOUGHT, HELLO]);
    }
  });

  test('loops over a tool until the answer, streamed and not', async () => {
    const model = connectTo('tools').bindTools([getWeather]);
    const question = new HumanMessage('The weather?');
    for (const call of [await model.invoke([question]), await collect(await model.stream([question]))]) {
      assert.equal(String(call.content).trim(), BEFORE_CALL);
      const answer = await model.invoke([question, call, await runCall(call)]);
      assert.equal(answer.content, AFTER_CALL);
    }
  });

  test('goes on thinking after a tool, although it never sends the reasoning back', async () => {
    const model = connectTo('tools', 'deepseek-reasoner').bindTools([getWeather]);
    const question = new HumanMessage('The weather?');
    const call = await model.invoke([question]);
    const next = await model.invoke([question, call, await runCall(call)]);
    for (const answer of [call, next]) assert.equal(answer.additional_kwargs.reasoning_content, THOUGHT);
  });

  for (const method of ['functionCalling', 'jsonMode'] as const) {
    test(`gets an object of a schema by ${method}`, async () => {
      const model = connectTo('reports').withStructuredOutput(report, { name: REPORT_FUNCTION, method });
      assert.deepEqual(await model.invoke('Report the weather as json.'), REPORT);
    });
  }

  test('raises the error classes of the OpenAI SDK with our sentences', async () => {
    const { refusals } = servers.refusing;
    const ask = (key: string, prompt = 'Hi', model?: string) => connect(refusals.base_url, key, model).invoke(prompt);
    const isError = (kind: new (...args: never[]) => Error, status: number, message: RegExp) => (error: unknown) => {
      assert.ok(error instanceof kind, String(error));
      assert.equal((error as Error & { status?: number }).status, status);
      assert.match(error.message, message);
      return true;
    };
    await assert.rejects(ask(refusals.wrong_key), isError(OpenAI.AuthenticationError, 401, /\*{4}0000 is invalid/));
    await assert.rejects(
      ask(refusals.key, 'Hi', 'gpt-4o'),
      isError(OpenAI.BadRequestError, 400, /supported API model names/),
    );
    await assert.rejects(ask(refusals.poor_key), isError(OpenAI.APIError, 402, /Insufficient Balance/));
    await ask(refusals.limited_key);
    await assert.rejects(ask(refusals.limited_key), isError(OpenAI.RateLimitError, 429, /Rate limit reached/));
    await assert.rejects(ask(refusals.key, FAIL), isError(OpenAI.InternalServerError, 503, /Service is too busy/));
  });

  test('comes again by itself when Retry-After says so, and is answered', async () => {
    const { base_url, patient_key } = servers.refusing.refusals;
    const model = connect(base_url, patient_key, 'deepseek-chat', 2);
    await model.invoke(WARM_UP);
    assert.equal((await model.invoke('Hi')).content, 'Hi');
    servers.refusing.assertPatience();
  });
});
