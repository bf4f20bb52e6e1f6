/** The unmodified AI SDK with its DeepSeek provider and its provider for compatible servers, against the real server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDeepSeek } from '@ai-sdk/deepseek';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, isStepCount, type LanguageModel, Output, streamText, tool } from 'ai';
import { z } from 'zod';
import { FAIL, WARM_UP } from './support/refusing-server.js';
import {
  AFTER_CALL,
  BEFORE_CALL,
  CALLED_WITH,
  HELLO,
  REPORT,
  type ScriptedServers,
  startScriptedServers,
  THOUGHT,
  TOOL_RESULT,
} from './support/scripted-servers.js';

/** How a provider is pointed at Plumb: the two lines that a user writes. */
const PROVIDERS: Record<string, (baseURL: string, apiKey: string) => (model: string) => LanguageModel> = {
  '@ai-sdk/deepseek': (baseURL, apiKey) => createDeepSeek({ baseURL, apiKey }),
  '@ai-sdk/openai-compatible': (baseURL, apiKey) =>
    createOpenAICompatible({ name: 'plumb', baseURL, apiKey, supportsStructuredOutputs: true }),
};

const getWeather = tool({
  description: 'The weather of a city.',
  inputSchema: z.object({ city: z.string() }),
  execute: async (input) => {
    assert.deepEqual(input, CALLED_WITH);
    return TOOL_RESULT;
  },
});
const report = z.object({ city: z.string(), weather: z.enum(['sunny', 'rainy']), days: z.number().int() });

// The DeepSeek provider warns that it puts schemas into the prompt, which is what is wanted here.
globalThis.AI_SDK_LOG_WARNINGS = false;

for (const [name, createProvider] of Object.entries(PROVIDERS)) {
  describe(name, () => {
    let servers: ScriptedServers;
    let chat: LanguageModel;
    let reasoner: LanguageModel;
    let caller: LanguageModel;
    let reporter: LanguageModel;
    before(async () => {
      servers = await startScriptedServers();
      const provider = createProvider(`${servers.hello.url}/v1`, servers.hello.key);
      chat = provider('deepseek-chat');
      reasoner = provider('deepseek-reasoner');
      caller = createProvider(`${servers.tools.url}/v1`, servers.tools.key)('deepseek-chat');
      reporter = createProvider(`${servers.reports.url}/v1`, servers.reports.key)('deepseek-chat');
    });
    after(() => servers.stop());

    test('generates a text, with its usage', async () => {
      const { text, finishReason, usage } = await generateText({ model: chat, prompt: 'Hi' });
      assert.deepEqual([text, finishReason], [HELLO, 'stop']);
      assert.equal(usage.totalTokens, (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
      assert.ok((usage.inputTokens ?? 0) > 0 && (usage.outputTokens ?? 0) > 0);
    });

    test('streams a text, with its usage', async () => {
      const result = streamText({ model: chat, prompt: 'Hi' });
      let text = '';
      for await (const piece of result.textStream) text += piece;
      assert.equal(text, HELLO);
      assert.equal(await result.finishReason, 'stop');
      assert.ok(((await result.usage).totalTokens ?? 0) > 0);
    });

    test('gets the reasoning, streamed and not', async () => {
      const { text, reasoningText, usage } = await generateText({ model: reasoner, prompt: 'Hi' });
      assert.deepEqual([reasoningText, text], [THOUGHT, HELLO]);
      assert.ok((usage.outputTokenDetails.reasoningTokens ?? 0) > 0);
      const streamed = streamText({ model: reasoner, prompt: 'Hi' });
      assert.deepEqual([await streamed.reasoningText, await streamed.text], [THOUGHT, HELLO]);
    });

    test('loops over a tool until the answer', async () => {
      const asked = {
        model: caller,
        tools: { get_weather: getWeather },
        prompt: 'The weather?',
        stopWhen: isStepCount(5),
      };
      const { text, steps } = await generateText(asked);
      assert.equal(text, AFTER_CALL);
      assert.deepEqual(
        steps.map((step) => [step.text, step.toolCalls.map(({ toolName, input }) => [toolName, input])]),
        [
          [BEFORE_CALL, [['get_weather', CALLED_WITH]]],
          [AFTER_CALL, []],
        ],
      );
      const streamed = streamText(asked);
      assert.equal(await streamed.text, AFTER_CALL);
      assert.equal((await streamed.steps).length, 2);
    });

    // For the ids of V4 the DeepSeek provider sends all reasoning back, an empty one included.
    for (const model of ['deepseek-reasoner', 'deepseek-v4-flash']) {
      test(`goes on thinking after a tool with ${model}`, async () => {
        const thinker = createProvider(`${servers.tools.url}/v1`, servers.tools.key)(model);
        const asked = { model: thinker, tools: { get_weather: getWeather }, stopWhen: isStepCount(2) };
        const { steps, response } = await generateText({ ...asked, prompt: 'The weather?' });
        const question = { role: 'user', content: 'And tomorrow?' } as const;
        const next = await generateText({ ...asked, messages: [question, ...response.messages, question] });
        for (const step of [...steps, ...next.steps]) assert.equal(step.reasoningText, THOUGHT);
      });
    }

    test('gets an object of a schema, generated and streamed', async () => {
      const asked = { model: reporter, prompt: 'The weather?', output: Output.object({ schema: report }) };
      assert.deepEqual((await generateText(asked)).output, REPORT);
      assert.deepEqual(await streamText(asked).output, REPORT);
    });

    test('raises its own error with our status and our sentence', async () => {
      const { refusals } = servers.refusing;
      const ask = (apiKey: string, prompt: string, model = 'deepseek-chat') =>
        generateText({ model: createProvider(refusals.base_url, apiKey)(model), prompt, maxRetries: 0 });
      const isError = (status: number, message: RegExp, isRetryable: boolean) => (error: unknown) => {
        assert.ok(APICallError.isInstance(error), String(error));
        assert.equal(error.statusCode, status);
        assert.match(error.message, message);
        assert.equal(error.isRetryable, isRetryable);
        return true;
      };
      await assert.rejects(ask(refusals.wrong_key, 'Hi'), isError(401, /\*{4}0000 is invalid/, false));
      await assert.rejects(ask(refusals.key, 'Hi', 'gpt-4o'), isError(400, /supported API model names/, false));
      await assert.rejects(ask(refusals.poor_key, 'Hi'), isError(402, /^Insufficient Balance$/, false));
      await ask(refusals.limited_key, 'Hi');
      await assert.rejects(ask(refusals.limited_key, 'Hi'), isError(429, /^Rate limit reached/, true));
      await assert.rejects(ask(refusals.key, FAIL), isError(503, /^Service is too busy/, true));
    });

    test('comes again by itself when Retry-After says so, and is answered', async () => {
      const { refusals } = servers.refusing;
      const model = createProvider(refusals.base_url, refusals.patient_key)('deepseek-chat');
      await generateText({ model, prompt: WARM_UP });
      assert.equal((await generateText({ model, prompt: 'Hi' })).text, 'Hi');
      servers.refusing.assertPatience();
    });
  });
}
