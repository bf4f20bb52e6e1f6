/**
 * The kit inside of the SDKs that people use, against an API in a bad hour: every second request is spoilt, in eight ways
 * in turn. Each SDK finishes all of its requests, and a thinking tools loop works in each.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDeepSeek } from '@ai-sdk/deepseek';
import Anthropic from '@anthropic-ai/sdk';
import { type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatDeepSeek } from '@langchain/deepseek';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, isStepCount, streamText, tool } from 'ai';
import OpenAI from 'openai';
import { z } from 'zod';
import { createKit, type Kit } from '#client/index.js';
import {
  CALLED_WITH,
  FAULTS,
  type FaultyDeepSeek,
  HELLO,
  REPORT,
  startFaultyDeepSeek,
  THOUGHT,
} from '../../support/client/faulty-deepseek.js';

const MODEL = 'deepseek-reasoner';
/** Enough that every fault is met with buffered answers and with streams. */
const REQUESTS = 2 * Object.keys(FAULTS).length;

let server: FaultyDeepSeek;
before(async () => {
  server = await startFaultyDeepSeek();
});
after(() => server.close());

function kitFor(path: string): Kit {
  // The waits are as short as a test wants them; nothing else is changed.
  return createKit({
    baseURL: `${server.origin}${path}`,
    apiKey: 'sk-test',
    retry: { baseMs: 2, capMs: 10 },
    breaker: { openMs: 10 },
  });
}

/** Runs all requests side by side and checks that none was lost and none was answered twice. */
async function finishAll(ask: (number: number) => Promise<string | null | undefined>, expected: string): Promise<void> {
  const { answered, spoilt } = server;
  const answers = await Promise.all(Array.from({ length: REQUESTS }, (_, number) => ask(number)));
  assert.deepEqual(new Set(answers), new Set([expected]));
  assert.equal(server.answered - answered, REQUESTS);
  assert.ok(server.spoilt - spoilt >= REQUESTS - 1, `${server.spoilt - spoilt} requests were spoilt`);
}

const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather.',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
} as const;
const hi = [{ role: 'user', content: 'Hi' }] as const;

describe('openai', () => {
  const client = () => new OpenAI({ ...kitFor('/v1').openai() });

  test('finishes all requests, buffered and streamed', async () => {
    const openai = client();
    await finishAll(
      async () =>
        (await openai.chat.completions.create({ model: MODEL, messages: [...hi] })).choices[0]?.message.content,
      HELLO,
    );
    await finishAll(async () => {
      let text = '';
      const stream = await openai.chat.completions.create({ model: MODEL, messages: [...hi], stream: true });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
      return text;
    }, HELLO);
  });

  for (const stream of [false, true]) {
    test(`loops over a tool while it thinks, with its own runTools${stream ? ', streamed' : ''}`, async () => {
      const given: unknown[] = [];
      const run = async (input: unknown) => {
        given.push(input);
        return 'sunny';
      };
      const tools = [
        { type: 'function' as const, function: { ...weatherTool.function, function: run, parse: JSON.parse } },
      ];
      const asked = { model: MODEL, messages: [{ role: 'user' as const, content: 'The weather in Bern?' }], tools };
      const { completions } = client().chat;
      const runner = stream ? completions.runTools({ ...asked, stream: true }) : completions.runTools(asked);
      assert.equal(await runner.finalContent(), REPORT);
      assert.deepEqual(given, [CALLED_WITH]);
      assert.deepEqual(server.refused, []);
    });
  }

  test('raises its own error with every attempt when the endpoint is gone', async () => {
    const kit = createKit({
      baseURL: 'http://127.0.0.1:1/v1',
      apiKey: 'sk-test',
      retry: { baseMs: 1, maxAttempts: 3 },
    });
    await assert.rejects(
      new OpenAI({ ...kit.openai() }).chat.completions.create({ model: MODEL, messages: [...hi] }),
      (error) => {
        assert.ok(error instanceof OpenAI.InternalServerError);
        assert.equal((error.error as { attempts: unknown[] }).attempts.length, 3);
        assert.equal(error.code, 'connection');
        return true;
      },
    );
  });
});

describe('ai with @ai-sdk/deepseek', () => {
  const model = () => createDeepSeek({ ...kitFor('').aiSdk() })(MODEL);
  const getWeather = tool({
    description: 'The weather.',
    inputSchema: z.object({ city: z.string() }),
    execute: async () => 'sunny',
  });

  test('finishes all requests, buffered and streamed', async () => {
    const deepseek = model();
    await finishAll(async () => (await generateText({ model: deepseek, prompt: 'Hi', maxRetries: 0 })).text, HELLO);
    await finishAll(async () => streamText({ model: deepseek, prompt: 'Hi', maxRetries: 0 }).text, HELLO);
  });

  test('loops over a tool while it thinks, buffered and streamed', async () => {
    const asked = {
      model: model(),
      prompt: 'The weather?',
      tools: { get_weather: getWeather },
      stopWhen: isStepCount(5),
      maxRetries: 0,
    };
    assert.equal((await generateText(asked)).text, REPORT);
    assert.equal(await streamText(asked).text, REPORT);
    assert.deepEqual(server.refused, []);
  });

  test('retries that it adds by itself do not reach an endpoint that is gone', async () => {
    let calls = 0;
    const fetch = async () => {
      calls++;
      throw new TypeError('fetch failed');
    };
    const kit = createKit({ baseURL: server.origin, apiKey: 'sk-test', fetch, retry: { baseMs: 1, maxAttempts: 2 } });
    const gone = createDeepSeek({ ...kit.aiSdk() })(MODEL);
    await assert.rejects(generateText({ model: gone, prompt: 'Hi', maxRetries: 1 }));
    assert.equal(calls, 2);
  });
});

for (const [name, create] of [
  ['@langchain/openai', (kit: Kit) => new ChatOpenAI({ model: MODEL, ...kit.langchain() })],
  ['@langchain/deepseek', (kit: Kit) => new ChatDeepSeek({ model: MODEL, ...kit.langchain() })],
] as const) {
  describe(name, () => {
    test('finishes all requests, buffered and streamed', async () => {
      const model = create(kitFor('/v1'));
      await finishAll(async () => (await model.invoke('Hi')).text, HELLO);
      await finishAll(async () => {
        let text = '';
        for await (const chunk of await model.stream('Hi')) text += chunk.text;
        return text;
      }, HELLO);
    });

    test('loops over a tool while it thinks', async () => {
      const model = create(kitFor('/v1')).bindTools([weatherTool]);
      const messages: BaseMessage[] = [new HumanMessage('The weather in Bern?')];
      const turn = await model.invoke(messages);
      const [call] = turn.tool_calls ?? [];
      assert.deepEqual(call?.args, CALLED_WITH);
      messages.push(turn, new ToolMessage({ content: 'sunny', tool_call_id: call?.id ?? '' }));
      assert.equal((await model.invoke(messages)).text, REPORT);
      assert.deepEqual(server.refused, []);
    });
  });
}

describe('@anthropic-ai/sdk', () => {
  const client = () => new Anthropic({ ...kitFor('').anthropic() });
  const asked = { model: MODEL, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hi' }] };
  const textOf = (content: Anthropic.ContentBlock[]) =>
    content.map((block) => (block.type === 'text' ? block.text : '')).join('');

  test('finishes all requests, buffered and streamed', async () => {
    const anthropic = client();
    await finishAll(async () => textOf((await anthropic.messages.create(asked)).content), HELLO);
    await finishAll(async () => anthropic.messages.stream(asked).finalText(), HELLO);
  });

  test('loops over a tool while it thinks', async () => {
    const anthropic = client();
    const tools = [
      { name: 'get_weather', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } },
    ];
    const turn = await anthropic.messages.stream({ ...asked, tools }).finalMessage();
    const thought = turn.content.find((block) => block.type === 'thinking');
    const call = turn.content.find((block) => block.type === 'tool_use');
    assert.deepEqual([thought?.thinking, call?.input], [THOUGHT, CALLED_WITH]);
    const result = { type: 'tool_result' as const, tool_use_id: call?.id ?? '', content: 'sunny' };
    const messages = [
      ...asked.messages,
      { role: 'assistant' as const, content: turn.content },
      { role: 'user' as const, content: [result] },
    ];
    assert.equal(textOf((await anthropic.messages.create({ ...asked, messages, tools })).content), REPORT);
  });
});
