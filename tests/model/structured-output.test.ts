/** Tools and answers in JSON with the real default model behind the real server; skipped by name without the model. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ChatResponse } from '@plumb/wire';
import OpenAI from 'openai';
import { defaultModelPath } from '../support/default-model.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { validatorOf } from '../support/validator.js';

const modelPath = defaultModelPath();
const skip = modelPath === undefined ? 'the default model is not on this machine: plumb models pull' : false;

const PARAMETERS = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 2, maxLength: 30 },
    unit: { enum: ['celsius', 'fahrenheit'] },
    days: { type: 'integer', minimum: 1, maximum: 14 },
  },
  required: ['city', 'unit', 'days'],
  additionalProperties: false,
};
const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'get_weather', description: 'Tells the weather in a city.', parameters: PARAMETERS },
  },
];
const CAT = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 20 },
    born: { type: 'string', format: 'date' },
    colours: { type: 'array', items: { enum: ['black', 'white', 'red'] }, minItems: 1, maxItems: 3 },
    weight: { type: 'number', exclusiveMinimum: 0, maximum: 15 },
  },
  required: ['name', 'born', 'colours', 'weight'],
  additionalProperties: false,
};

describe('the default model', { skip }, () => {
  let plumb: TestServer;
  before(async () => {
    plumb = await startPlumb({
      modelPath: modelPath!,
      settings: { engine: { sequences: 4, context_tokens: 1024, threads: 1 } },
    });
  });
  after(() => plumb?.stop());

  async function ask(fields: object): Promise<ChatResponse> {
    const response = await plumb.chat({ model: 'deepseek-chat', temperature: 0, ...fields });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  const question = { role: 'user' as const, content: 'What will the weather be in Paris for three days?' };

  test('calls a tool with valid arguments, and answers in words when it has the result', async () => {
    const choice = (await ask({ messages: [question], tools: TOOLS, tool_choice: 'required', max_tokens: 700 }))
      .choices[0]!;
    assert.equal(choice.finish_reason, 'tool_calls');
    const calls = choice.message.tool_calls!;
    for (const call of calls) {
      assert.equal(call.function.name, 'get_weather');
      assert.ok(validatorOf(PARAMETERS)(JSON.parse(call.function.arguments)), call.function.arguments);
    }
    const results = calls.map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: '{"sky": "clear", "high": 21}',
    }));
    const messages = [question, choice.message, ...results.slice(0, 20)];
    const answer = await ask({ messages, tools: TOOLS, tool_choice: 'none', max_tokens: 40 });
    assert.ok(answer.choices[0]!.message.content!.length > 0);
    assert.equal(answer.choices[0]!.message.tool_calls, undefined);
  });

  test('calls the same streamed and buffered, also after it has reasoned', async () => {
    for (const model of ['deepseek-chat', 'deepseek-reasoner']) {
      const named = { type: 'function' as const, function: { name: 'get_weather' } };
      const fields = { model, messages: [question], tools: TOOLS, tool_choice: named, max_tokens: 300, temperature: 0 };
      const buffered = (await ask(fields)).choices[0]!.message.tool_calls!;
      const client = new OpenAI({ apiKey: plumb.key, baseURL: plumb.url, maxRetries: 0 });
      const stream = client.chat.completions.stream(fields);
      const streamed = (await stream.finalChatCompletion()).choices[0]!.message.tool_calls!;
      const given = streamed.map((call) => (call.type === 'function' ? call.function.arguments : ''));
      assert.deepEqual(given, [buffered[0]!.function.arguments]);
      assert.equal(buffered.length, 1);
      assert.ok(validatorOf(PARAMETERS)(JSON.parse(buffered[0]!.function.arguments)));
    }
  });

  test('answers in JSON of a schema', async () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'cat', schema: CAT } };
    const messages = [
      { role: 'user', content: 'Invent a cat: its name, when it was born, its colours and its weight.' },
    ];
    for (const temperature of [0, 1]) {
      const [choice] = (await ask({ messages, response_format, max_tokens: 300, temperature })).choices;
      assert.equal(choice!.finish_reason, 'stop');
      assert.ok(validatorOf(CAT)(JSON.parse(choice!.message.content!)), choice!.message.content!);
    }
  });

  test('answers in some JSON, and says how likely it was', async () => {
    const messages = [{ role: 'user', content: 'Describe a cat as JSON with the keys name and age.' }];
    const fields = {
      messages,
      response_format: { type: 'json_object' },
      logprobs: true,
      top_logprobs: 3,
      max_tokens: 200,
    };
    const [choice] = (await ask(fields)).choices;
    assert.equal(typeof JSON.parse(choice!.message.content!), 'object');
    const tokens = choice!.logprobs!.content!;
    assert.equal(tokens.map(({ token }) => token).join(''), choice!.message.content);
  });
});
