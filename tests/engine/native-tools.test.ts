/** Calls in the forms of the models themselves: told by their templates, held to schemas, and read back. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatRequest, Tool } from '@plumb/wire';
import fc from 'fast-check';
import { foldOutcome, type Outcome, startEngine, type TestEngine } from '../support/engine-process.js';
import type { CallStyle } from '../support/gguf/call-templates.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { writeScriptedModel } from '../support/gguf/scripted-model.js';
import { type RandomSchema, randomSchema } from '../support/random-schema.js';
import { validatorOf } from '../support/validator.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-native-tools-'));
after(() => rmSync(folder, { recursive: true }));

function useEngine(write: (path: string) => unknown, sequences = 4): { engine: TestEngine } {
  const used = {} as { engine: TestEngine };
  const modelPath = join(folder, `${models++}.gguf`);
  before(async () => {
    write(modelPath);
    used.engine = await startEngine({ modelPath, sequences, contextTokens: 12_288 });
  });
  after(() => used.engine.stop());
  return used;
}
let models = 0;

function tool(name: string, properties: Record<string, object>, more: object = {}): Tool {
  const parameters = { type: 'object', properties, required: Object.keys(properties) };
  return { type: 'function', function: { name, parameters, ...more } };
}

const WEATHER = tool('get_weather', { city: { type: 'string', maxLength: 12 } });
const ADD = tool('add', { a: { type: 'integer', maximum: 99, minimum: 0 }, b: { enum: [1, 2] } });
const TOOLS = [WEATHER, ADD];

function callsOf(outcome: Outcome, tools: readonly Tool[] = TOOLS) {
  assert.equal(outcome.failure, undefined, JSON.stringify(outcome.failure));
  const calls = foldOutcome(outcome).choices[0]!.message.tool_calls ?? [];
  return calls.map(({ function: called }) => {
    const declared = tools.find(({ function: { name } }) => name === called.name);
    assert.ok(declared, called.name);
    const given = JSON.parse(called.arguments);
    const validate = validatorOf(declared.function.parameters!);
    assert.ok(validate(given), `${called.arguments} ${JSON.stringify(validate.errors)}`);
    return { name: called.name, given };
  });
}

/** An answer streamed and buffered; fails where the two differ. */
async function runBoth(engine: TestEngine, request: Partial<ChatRequest>): Promise<Outcome> {
  const fields = { temperature: 0, ...request };
  const streamed = await engine.run(fields, { scope: 'streamed' });
  const buffered = await engine.run({ ...fields, stream: false }, { scope: 'buffered' });
  assert.deepEqual(foldOutcome(buffered).choices, foldOutcome(streamed).choices);
  return streamed;
}

/** A call of the weather in Paris as a model of each style writes it. */
const WRITTEN: Record<CallStyle, string> = {
  mistral: '[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}, "id": "aB3dE6gH9"}]',
  ministral: '[TOOL_CALLS]get_weather[ARGS]{"city": "Paris"}',
  deepseek:
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Paris"}\n```' +
    '<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  deepseek31:
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Paris"}' +
    '<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  dsml:
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="get_weather">\n' +
    '<｜DSML｜parameter name="city" string="true">Paris</｜DSML｜parameter>\n' +
    '</｜DSML｜invoke>\n</｜DSML｜function_calls>',
  coder: '<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>',
  glm: '<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>',
};

const STYLES = Object.keys(WRITTEN) as CallStyle[];

for (const style of STYLES) {
  describe(`a model that writes calls as ${style} does`, () => {
    const used = useEngine((path) => {
      const answer = { text: `One moment. ${WRITTEN[style]}`, markers: style !== 'dsml', tokenBytes: 5 };
      // A marker that comes again and again has no one token after it.
      writeScriptedModel(path, {
        style,
        markerTokens: style !== 'dsml',
        script: { answer: { ...answer, next: 'end' } },
      });
    });

    test('has its call taken out of its words, and sent in pieces', async () => {
      const outcome = await runBoth(used.engine, { tools: TOOLS });
      assert.equal(outcome.content, 'One moment.');
      assert.equal(outcome.finishReason, 'tool_calls');
      assert.deepEqual(callsOf(outcome), [{ name: 'get_weather', given: { city: 'Paris' } }]);
      const pieces = outcome.chunks.flatMap(({ choices }) => choices[0]!.delta.tool_calls ?? []);
      assert.equal(pieces[0]!.function!.arguments, '');
      assert.equal(pieces.map((piece) => piece.function!.arguments).join(''), '{"city": "Paris"}');
    });

    test('calls at once where it must', async () => {
      const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: 'required', max_tokens: 600 });
      assert.equal(outcome.content, '');
      assert.ok(callsOf(outcome).length > 0);
    });

    test('calls the function that is named, once', async () => {
      const named = { type: 'function' as const, function: { name: 'add' } };
      const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: named, max_tokens: 600 });
      assert.deepEqual(
        callsOf(outcome).map(({ name }) => name),
        ['add'],
      );
    });

    test('writes words where it must not call', async () => {
      const outcome = await runBoth(used.engine, { tools: TOOLS, tool_choice: 'none' });
      assert.equal(outcome.finishReason, 'stop');
      assert.ok(outcome.content.includes('get_weather'));
    });

    test('has to keep to the schema whatever it would have said', async () => {
      const tools = [tool('get_weather', { city: { type: 'integer', minimum: 3, maximum: 4 } }, { strict: true })];
      assert.equal(callsOf(await runBoth(used.engine, { tools, max_tokens: 600 }), tools).length, 1);
    });

    test('is refused a strict schema that cannot be enforced, by name', async () => {
      const unique = { type: 'array', items: { type: 'boolean' }, uniqueItems: true };
      const { failure } = await used.engine.run({ tools: [tool('mark', { days: unique }, { strict: true })] });
      const words = 'tools.0.function.parameters: `uniqueItems` at #/properties/days cannot be enforced';
      assert.equal(failure?.body.error.message, words);
    });

    test('can be cut off inside of a call', async () => {
      for (let max_tokens = 3; max_tokens < 16; max_tokens += 3) {
        const outcome = await runBoth(used.engine, { tools: TOOLS, max_tokens });
        const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls ?? [];
        assert.ok('{"city": "Paris"}'.startsWith(call?.function.arguments ?? ''));
      }
    });

    test('goes on after its results', async () => {
      const messages: ChatRequest['messages'] = [
        { role: 'user', content: 'Add.' },
        { role: 'user', content: 'Both.' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [1, 2].map((place) => ({
            id: `call_${place}`,
            type: 'function',
            function: { name: 'add', arguments: `{"a": ${place}, "b": 2}` },
          })),
        },
        { role: 'tool', tool_call_id: 'call_1', content: '3' },
        { role: 'tool', tool_call_id: 'call_2', content: '4' },
      ];
      assert.equal(callsOf(await used.engine.run({ messages, tools: TOOLS })).length, 1);
    });
  });
}

describe('arguments of random schemas', () => {
  /** Where arguments are JSON, their schemas are those of `random-schemas.test.ts`. */
  const SCHEMAS: Partial<Record<CallStyle, number>> = { coder: 30, glm: 30, dsml: 30 };

  for (const style of STYLES) {
    describe(`as ${style} writes them`, () => {
      const used = useEngine((path) => writeRandomModel(path, { style, contextTokens: 12_288 }), 8);

      test('are always JSON of the schema', async () => {
        const seed = Number(process.env.PLUMB_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
        const sample = fc.sample(fc.tuple(randomSchema, randomSchema), { numRuns: SCHEMAS[style] ?? 6, seed });
        const schemas: RandomSchema[][] = JSON.parse(JSON.stringify(sample), withinTemplates);
        await Promise.all(schemas.map((given, index) => check(given, index, seed)));
      });

      async function check([first, second]: RandomSchema[], index: number, seed: number): Promise<void> {
        const parameters = {
          type: 'object',
          properties: { first: inDefinitions(first!, 0), second: inDefinitions(second!, 1) },
          required: ['first'],
          additionalProperties: false,
          $defs: definitionsOf([first!, second!]),
        };
        const tools: Tool[] = [{ type: 'function', function: { name: 'note', parameters } }];
        const outcome = await used.engine.run({
          ...{ tools, tool_choice: { type: 'function', function: { name: 'note' } } },
          ...{ temperature: index % 3 === 0 ? 2 : 1, seed: index },
        });
        const about = `seed ${seed}, schema ${index}: ${JSON.stringify(parameters)}`;
        assert.equal(outcome.finishReason, 'tool_calls', `${JSON.stringify(outcome.failure)} ${about}`);
        const [call] = foldOutcome(outcome).choices[0]!.message.tool_calls!;
        const validate = validatorOf(parameters);
        const isValid = validate(JSON.parse(call!.function.arguments));
        assert.ok(isValid, `${call!.function.arguments} ${JSON.stringify(validate.errors)} ${about}`);
      }
    });
  }
});

/** Chat templates know no whole numbers of more than 64 bits. */
function withinTemplates(_key: string, value: unknown): unknown {
  return typeof value === 'number' && Math.abs(value) > 1e15 ? Math.sign(value) * 1e15 : value;
}

/** A schema that stands inside of another one: what it refers to moves with it. */
function inDefinitions(schema: RandomSchema, place: number): RandomSchema {
  const { $defs: _, ...rest } = JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/', `#/$defs/${place}-`));
  return rest;
}

function definitionsOf(schemas: readonly RandomSchema[]): RandomSchema {
  const entries = schemas.flatMap(({ $defs = {} }, place) =>
    Object.entries($defs as object).map(([name, schema]) => [`${place}-${name}`, schema]),
  );
  return Object.fromEntries(entries);
}
