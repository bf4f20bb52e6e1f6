/** Calls of tools by models of each kind: found in the answer, held to the schemas, and sent as the contract says. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatRequest, Tool } from '@plumb/wire';
import { foldOutcome, type Outcome, startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { type ScriptedModelOptions, writeScriptedModel } from '../support/gguf/scripted-model.js';
import { SCRIPTS } from '../support/gguf/scripts.js';
import { validatorOf } from '../support/validator.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-tools-'));
after(() => rmSync(folder, { recursive: true }));

function useEngine(write: (path: string) => unknown): { engine: TestEngine } {
  const used = {} as { engine: TestEngine };
  const modelPath = join(folder, `${models++}.gguf`);
  before(async () => {
    write(modelPath);
    used.engine = await startEngine({ modelPath, sequences: 16, contextTokens: 4096 });
  });
  after(() => used.engine.stop());
  return used;
}
let models = 0;

const scripted = (options: ScriptedModelOptions) => useEngine((path) => writeScriptedModel(path, options));

function tool(name: string, properties: object, more: object = {}): Tool {
  const parameters = { type: 'object', properties, required: Object.keys(properties) };
  return { type: 'function', function: { name, parameters, ...more } };
}

const WEATHER = tool('get_weather', { city: { type: 'string', maxLength: 12 } });
const ADD = tool('add', { a: { type: 'integer', maximum: 99, minimum: 0 }, b: { enum: [1, 2] } });
const TOOLS = [WEATHER, ADD];

/** The calls of an answer; fails where one is not of a declared function and its schema. */
function callsOf(outcome: Outcome, tools: readonly Tool[] = TOOLS) {
  assert.equal(outcome.failure, undefined, JSON.stringify(outcome.failure));
  const calls = foldOutcome(outcome).choices[0]!.message.tool_calls ?? [];
  return calls.map(({ function: called }) => {
    const declared = tools.find(({ function: { name } }) => name === called.name);
    assert.ok(declared, called.name);
    const given = JSON.parse(called.arguments);
    assert.ok(validatorOf(declared.function.parameters!)(given), called.arguments);
    return { name: called.name, given };
  });
}

/** An answer streamed and buffered; fails where the two differ. */
async function runBoth(engine: TestEngine, request: Partial<ChatRequest>, thinking = false): Promise<Outcome> {
  const fields = { temperature: 0, ...request };
  const streamed = await engine.run(fields, { thinking, scope: 'streamed' });
  const buffered = await engine.run({ ...fields, stream: false }, { thinking, scope: 'buffered' });
  assert.deepEqual(foldOutcome(buffered), foldOutcome(streamed));
  return streamed;
}

describe('a model whose template knows tools', () => {
  const used = scripted({ script: 'tool' });

  test('has its call taken out of its words and sent piece by piece', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS });
    assert.equal(outcome.content, 'I will look that up.');
    assert.equal(outcome.finishReason, 'tool_calls');
    const deltas = outcome.chunks.map(({ choices }) => choices[0]!.delta);
    const [first, ...pieces] = deltas.flatMap(({ tool_calls }) => tool_calls ?? []);
    assert.match(first!.id!, /^call_00_[A-Za-z0-9]{24}$/);
    const begun = { index: 0, id: first!.id, type: 'function', function: { name: 'get_weather', arguments: '' } };
    assert.deepEqual(first, begun);
    assert.ok(pieces.length > 2);
    for (const piece of pieces) assert.deepEqual(Object.keys(piece), ['index', 'function']);
    assert.equal(pieces.map((piece) => piece.function!.arguments).join(''), '{"city": "Paris"}');
    assert.deepEqual(deltas.at(-1), { content: '' });
    assert.equal(outcome.chunks.at(-1)!.choices[0]!.finish_reason, 'tool_calls');
  });

  test('counts all that it wrote', async () => {
    const { usage } = await used.engine.run({ tools: TOOLS });
    const without = await used.engine.run({});
    assert.equal(usage!.completion_tokens, without.usage!.completion_tokens);
    assert.ok(usage!.prompt_tokens > without.usage!.prompt_tokens, 'the prompt tells the tools');
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }], tools: TOOLS };
    assert.equal(await used.engine.count({ request, thinking: false }), usage!.prompt_tokens);
  });

  test('calls at once where it must', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: 'required' });
    assert.equal(outcome.content, '');
    assert.deepEqual(callsOf(outcome), [{ name: 'get_weather', given: { city: 'Paris' } }]);
  });

  test('calls the function that is named, once', async () => {
    const named = { type: 'function' as const, function: { name: 'add' } };
    const calls = callsOf(await runBoth(used.engine, { tools: TOOLS, tool_choice: named, max_tokens: 500 }));
    assert.deepEqual(
      calls.map(({ name }) => name),
      ['add'],
    );
  });

  test('is not told of tools that it must not call, and what looks like a call is text', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: 'none' });
    const plain = await used.engine.run({});
    assert.equal(outcome.usage!.prompt_tokens, plain.usage!.prompt_tokens);
    assert.match(outcome.content, /<tool_call>\{"name"/);
    assert.equal(outcome.finishReason, 'stop');
  });

  test('has to keep to the schema whatever it would have said', async () => {
    const tools = [tool('get_weather', { city: { type: 'integer', minimum: 3, maximum: 4 } })];
    const calls = callsOf(await runBoth(used.engine, { tools, max_tokens: 200 }), tools);
    assert.equal(calls.length, 1);
  });

  test('has to call a function that there is', async () => {
    const tools = [ADD];
    const calls = callsOf(await runBoth(used.engine, { tools, max_tokens: 500 }), tools);
    assert.equal(calls[0]!.name, 'add');
  });

  test('calls a function without parameters with an empty object', async () => {
    for (const parameters of [undefined, null, {}]) {
      const tools: Tool[] = [
        { type: 'function', function: { name: 'get_weather', ...(parameters === undefined ? {} : { parameters }) } },
      ];
      const outcome = await used.engine.run({ tools, tool_choice: 'required', max_tokens: 40 });
      const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls!;
      assert.equal(typeof JSON.parse(call!.function.arguments), 'object');
    }
  });

  test('reasons first', async () => {
    for (const tool_choice of ['auto', 'required'] as const) {
      const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice }, true);
      assert.equal(outcome.reasoning, SCRIPTS.hello.thinking.text);
      assert.equal(callsOf(outcome).length, 1);
      assert.deepEqual(outcome.chunks.at(-1)!.choices[0]!.delta, { content: '', reasoning_content: null });
      assert.ok(outcome.usage!.completion_tokens_details!.reasoning_tokens > 0);
    }
  });

  test('is stopped by a stop sequence in its words, and not by one in its arguments', async () => {
    const stopped = await runBoth(used.engine, { tools: TOOLS, stop: ['look'] });
    assert.deepEqual([stopped.content, stopped.finishReason], ['I will', 'stop']);
    assert.equal(callsOf(await runBoth(used.engine, { tools: TOOLS, stop: ['Paris', '"'] })).length, 1);
  });

  test('can be cut off inside of a call', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: 'required', max_tokens: 12 });
    assert.equal(outcome.finishReason, 'length');
    const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls!;
    assert.ok('{"city": "Paris"}'.startsWith(call!.function.arguments));
  });

  test('calls or answers in JSON where both are asked for', async () => {
    const fields = { tools: TOOLS, response_format: { type: 'json_object' as const }, max_tokens: 400 };
    const outcome = await runBoth(used.engine, fields);
    assert.ok(callsOf(outcome).length === 1 || typeof JSON.parse(outcome.content) === 'object');
  });

  test('is told of earlier calls and their results', async () => {
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'add', arguments: '{"a": 1, "b": 2}' } };
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'Add.' },
      { role: 'assistant', content: null, reasoning_content: 'Hm.', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '3' },
    ];
    const outcome = await used.engine.run({ messages, tools: TOOLS }, { thinking: true });
    assert.equal(callsOf(outcome).length, 1);
  });
});

describe('schemas of tools', () => {
  const used = scripted({ script: 'tool' });
  const unique = { type: 'array', items: { type: 'boolean' }, uniqueItems: true, maxItems: 3 };

  test('are refused by name where a strict function has what cannot be enforced', async () => {
    const tools = [WEATHER, tool('mark', { days: unique }, { strict: true })];
    const { failure } = await used.engine.run({ tools });
    assert.equal(failure?.status, 400);
    const words = 'tools.1.function.parameters: `uniqueItems` at #/properties/days cannot be enforced';
    assert.equal(failure.body.error.message, words);
  });

  test('are enforced as far as they can be for other functions', async () => {
    const tools = [tool('mark', { days: unique })];
    const outcome = await used.engine.run({ tools, tool_choice: 'required', max_tokens: 400 });
    const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls!;
    const { days } = JSON.parse(call!.function.arguments);
    assert.ok(Array.isArray(days) && days.length <= 3 && days.every((day) => typeof day === 'boolean'));
  });

  test('that refer to nothing leave any object', async () => {
    const tools = [tool('get_weather', { city: { $ref: '#/nowhere' } })];
    const outcome = await used.engine.run({ tools, tool_choice: 'required', max_tokens: 100 });
    const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls!;
    assert.deepEqual(JSON.parse(call!.function.arguments), { city: 'Paris' });
  });

  test('that refer to themselves are of one function each', async () => {
    const $defs = {
      node: { type: 'object', properties: { city: { type: 'string' }, next: { $ref: '#/$defs/node' } } },
    };
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string', maxLength: 9 }, tree: { $ref: '#/$defs/node' } },
      required: ['city'],
      $defs,
    };
    const tools: Tool[] = ['get_weather', 'other'].map((name) => ({
      type: 'function',
      function: { name, parameters, strict: true },
    }));
    assert.deepEqual(callsOf(await runBoth(used.engine, { tools }), tools), [
      { name: 'get_weather', given: { city: 'Paris' } },
    ]);
  });
});

describe('a model whose template knows no tools', () => {
  const block = (name: string, given: string) =>
    `<tool_call>\n{"name": "${name}", "arguments": ${given}}\n</tool_call>`;
  const text = `One moment.\n${block('get_weather', '{"city": "Oslo"}')}\n${block('add', '{"a": 12, "b": 2}')}`;
  const used = scripted({ style: 'plain', script: { answer: { text, next: 'end', tokenBytes: 5 } } });

  test('is told of them in words, and can make several calls', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS });
    assert.equal(outcome.content, 'One moment.');
    assert.deepEqual(callsOf(outcome), [
      { name: 'get_weather', given: { city: 'Oslo' } },
      { name: 'add', given: { a: 12, b: 2 } },
    ]);
    const ids = foldOutcome(outcome).choices[0]!.message.tool_calls!.map(({ id, index }) => [id, index]);
    assert.deepEqual(ids, [
      ['call_00_', 0],
      ['call_01_', 1],
    ]);
    const begun = outcome.chunks
      .flatMap(({ choices }) => choices[0]!.delta.tool_calls ?? [])
      .filter(({ id }) => id !== undefined);
    assert.equal(begun.length, 2);
    assert.ok(outcome.usage!.prompt_tokens > 100);
  });

  test('reasons in a block that is opened and closed for it before it calls', async () => {
    const outcome = await used.engine.run(
      { tools: TOOLS, tool_choice: 'required', max_tokens: 900 },
      { thinking: true },
    );
    assert.ok(outcome.reasoning!.length > 0);
    assert.ok(callsOf(outcome).length > 0);
  });
});

describe('a model that makes the same call again and again', () => {
  const call = '<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n';
  const used = scripted({ style: 'plain', script: { answer: { text: call, next: 'repeat', tokenBytes: 7 } } });

  test('ends its turn with the second one', async () => {
    const outcome = await runBoth(used.engine, { tools: TOOLS });
    assert.equal(outcome.finishReason, 'tool_calls');
    assert.deepEqual(callsOf(outcome), Array(2).fill({ name: 'get_weather', given: { city: 'Oslo' } }));
  });
});

describe('a model that calls with an object alone', () => {
  const answer = {
    text: '{"name": "get_weather", "parameters": {"city": "Rome"}}',
    next: 'end' as const,
    tokenBytes: 3,
  };
  const calling = scripted({ style: 'llama', script: { answer } });
  const talking = scripted({
    style: 'llama',
    script: { answer: { text: 'See {"name": "x"} and so on.', next: 'end' } },
  });

  test('has its call found', async () => {
    const outcome = await runBoth(calling.engine, { tools: TOOLS });
    assert.equal(outcome.content, '');
    assert.deepEqual(callsOf(outcome), [{ name: 'get_weather', given: { city: 'Rome' } }]);
    assert.equal(outcome.finishReason, 'tool_calls');
  });

  test('calls where it must', async () => {
    assert.deepEqual(callsOf(await runBoth(calling.engine, { tools: TOOLS, tool_choice: 'required' })), [
      { name: 'get_weather', given: { city: 'Rome' } },
    ]);
  });

  test('can say the same in the middle of words', async () => {
    const outcome = await runBoth(talking.engine, { tools: TOOLS });
    assert.equal(outcome.content, 'See {"name": "x"} and so on.');
    assert.equal(outcome.finishReason, 'stop');
  });
});

describe('a model with random weights', () => {
  const used = useEngine((path) => writeRandomModel(path));
  const tools = [
    tool(
      'book',
      {
        day: { type: 'string', format: 'date' },
        seats: { type: 'integer', minimum: 1, maximum: 9 },
        meal: { anyOf: [{ type: 'null' }, { enum: ['meat', 'fish'] }] },
      },
      { strict: true },
    ),
    tool('find', {
      near: { type: 'array', items: { type: 'number', minimum: -90, maximum: 90 }, minItems: 2, maxItems: 2 },
    }),
  ];

  test('calls by the schemas, again and again, and differently for different seeds', async () => {
    const run = (seed: number) => used.engine.run({ tools, tool_choice: 'required', seed, max_tokens: 3000 });
    const outcomes = await Promise.all(Array.from({ length: 24 }, (_, seed) => run(seed)));
    const seen = new Set(outcomes.map((outcome) => JSON.stringify(callsOf(outcome, tools))));
    assert.ok(outcomes.every(({ finishReason }) => finishReason === 'tool_calls'));
    assert.ok(seen.size > 12);
    assert.deepEqual(foldOutcome(await run(3)).choices, foldOutcome(outcomes[3]!).choices);
  });

  test('calls sixteen times at once as each time alone', async () => {
    const run = (index: number, scope: string) =>
      used.engine.run(
        {
          messages: [{ role: 'user', content: `Question ${index}` }],
          tools,
          tool_choice: index % 2 === 0 ? 'required' : { type: 'function', function: { name: 'book' } },
          temperature: 0,
          max_tokens: 400,
        },
        { scope },
      );
    const alone: Outcome[] = [];
    for (let index = 0; index < 16; index++) alone.push(await run(index, 'alone'));
    const together = await Promise.all(alone.map((_, index) => run(index, 'together')));
    assert.deepEqual(
      together.map((outcome) => foldOutcome(outcome).choices),
      alone.map((outcome) => foldOutcome(outcome).choices),
    );
  });
});
