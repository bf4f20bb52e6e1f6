/** Answers in JSON: of any object and of a schema, with and without reasoning, alone and among others. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ResponseFormat } from '@plumb/wire';
import { foldOutcome, startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { type ScriptedModelOptions, writeScriptedModel } from '../support/gguf/scripted-model.js';
import { SCRIPTS } from '../support/gguf/scripts.js';
import { validatorOf } from '../support/validator.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-structured-'));
after(() => rmSync(folder, { recursive: true }));

function useEngine(name: string, write: (path: string) => unknown): { engine: TestEngine } {
  const used = {} as { engine: TestEngine };
  before(async () => {
    const modelPath = join(folder, `${name}.gguf`);
    write(modelPath);
    used.engine = await startEngine({ modelPath, sequences: 16, thinkingTokens: 20 });
  });
  after(() => used.engine.stop());
  return used;
}

const scripted = (name: string, options: ScriptedModelOptions) =>
  useEngine(name, (path) => writeScriptedModel(path, options));

const PERSON = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 12 },
    age: { type: 'integer', minimum: 0, maximum: 120 },
    tags: { type: 'array', items: { enum: ['new', 'old'] }, maxItems: 3 },
  },
  required: ['name', 'age', 'tags'],
  additionalProperties: false,
};

function ofSchema(schema: object, more: object = {}): ResponseFormat {
  return { type: 'json_schema', json_schema: { name: 'answer', schema: schema as Record<string, unknown>, ...more } };
}

function assertPerson(content: string): void {
  const validate = validatorOf(PERSON);
  assert.ok(validate(JSON.parse(content)), content);
}

describe('a model that would rather talk', () => {
  const used = scripted('hello', {});

  test('writes a value of the schema and ends its turn', async () => {
    const { content, finishReason } = await used.engine.run({ response_format: ofSchema(PERSON), max_tokens: 300 });
    assertPerson(content);
    assert.equal(finishReason, 'stop');
  });

  test('writes the same streamed and buffered', async () => {
    const fields = { response_format: ofSchema(PERSON), seed: 4, temperature: 1 };
    const streamed = await used.engine.run(fields);
    assert.deepEqual(
      foldOutcome(await used.engine.run({ ...fields, stream: false })).choices,
      foldOutcome(streamed).choices,
    );
  });

  test('reasons in words first', async () => {
    const { reasoning, content } = await used.engine.run({ response_format: ofSchema(PERSON) }, { thinking: true });
    assert.equal(reasoning, SCRIPTS.hello.thinking.text);
    assertPerson(content);
  });

  test('can be cut off in the middle, which makes it no JSON', async () => {
    const { content, finishReason } = await used.engine.run({ response_format: ofSchema(PERSON), max_tokens: 6 });
    assert.equal(finishReason, 'length');
    assert.throws(() => JSON.parse(content));
  });

  test('can be stopped by a stop sequence', async () => {
    const { content, finishReason } = await used.engine.run({ response_format: ofSchema(PERSON), stop: '"age"' });
    assert.equal(finishReason, 'stop');
    assert.ok(!content.includes('"age"') && content.startsWith('{'));
  });

  test('is free again in the next request', async () => {
    await used.engine.run({ response_format: ofSchema(PERSON), temperature: 0 });
    for (const temperature of [0, 1])
      assert.equal((await used.engine.run({ temperature })).content, SCRIPTS.hello.answer.text);
  });

  test('goes on from a prefix that begins such a value, and is not asked to from another', async () => {
    const begun = (prefix: string) =>
      used.engine.run({
        messages: [
          { role: 'user', content: 'Who?' },
          { role: 'assistant', content: prefix, prefix: true },
        ],
        response_format: ofSchema(PERSON),
        max_tokens: 300,
      });
    const prefix = '{"name":"Ada';
    assertPerson(prefix + (await begun(prefix)).content);
    assert.match((await begun('Sure')).failure?.body.error.message ?? '', /`prefix` does not begin what/);
  });

  test('is given a schema', async () => {
    const { failure } = await used.engine.run({ response_format: { type: 'json_schema', json_schema: { name: 'x' } } });
    assert.equal(failure?.body.error.message, 'response_format.json_schema.schema must be a JSON Schema');
  });

  test('is not asked what cannot be enforced, unless strict is false', async () => {
    const schema = { type: 'object', properties: { a: { type: 'boolean' } }, required: ['a'], not: {} };
    const { failure } = await used.engine.run({ response_format: ofSchema(schema) });
    assert.equal(failure?.status, 400);
    assert.equal(failure.body.error.message, 'response_format.json_schema.schema: `not` at # cannot be enforced');
    const { content } = await used.engine.run({ response_format: ofSchema(schema, { strict: false }) });
    assert.equal(typeof JSON.parse(content).a, 'boolean');
  });
});

describe('a model that was not trained to think', () => {
  const plain = scripted('plain', { style: 'plain' });
  const brooding = scripted('brooding', { style: 'plain', script: 'brooding' });

  test('reasons in a block that is opened and closed for it, and then writes JSON', async () => {
    for (const { engine } of [plain, brooding]) {
      const { reasoning, content } = await engine.run(
        { response_format: ofSchema(PERSON), max_tokens: 300 },
        { thinking: true },
      );
      assert.ok(reasoning!.length > 0);
      assertPerson(content);
    }
  });
});

describe('a model that thinks when it likes', () => {
  const used = scripted('unasked', { script: 'unasked' });

  test('does not where the answer has to be JSON', async () => {
    const { content, reasoning } = await used.engine.run({ response_format: ofSchema(PERSON) });
    assert.equal(reasoning, undefined);
    assertPerson(content);
  });
});

describe('a model with random weights', () => {
  const used = useEngine('random', (path) => writeRandomModel(path));

  test('writes some object', async () => {
    const run = (seed: number) => used.engine.run({ response_format: { type: 'json_object' }, seed, max_tokens: 900 });
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, seed) => run(seed)));
    const complete = outcomes.filter(({ finishReason }) => finishReason === 'stop');
    assert.ok(complete.length > 0);
    for (const { content } of complete)
      assert.equal(Object.prototype.toString.call(JSON.parse(content)), '[object Object]');
    for (const { content } of outcomes) assert.ok(content.startsWith('{'));
  });

  test('writes trees that refer to themselves', async () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { leaf: { type: 'boolean' }, left: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['leaf', 'left'],
          additionalProperties: false,
        },
      },
    };
    const validate = validatorOf(schema);
    const run = (seed: number) => used.engine.run({ response_format: ofSchema(schema), seed, max_tokens: 900 });
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, seed) => run(seed)));
    const complete = outcomes.filter(({ finishReason }) => finishReason === 'stop');
    assert.ok(complete.length > 0);
    for (const { content } of complete) assert.ok(validate(JSON.parse(content)), content);
  });

  test('writes characters of every script by the number, and no halves of them', async () => {
    const schema = {
      type: 'array',
      items: { type: 'string', minLength: 6, maxLength: 6, pattern: '^[^\\x00-\\x7f]*$' },
      minItems: 8,
      maxItems: 8,
    };
    const run = (seed: number) =>
      used.engine.run({ response_format: ofSchema(schema), seed, temperature: 2, max_tokens: 900 });
    for (const { content } of await Promise.all(Array.from({ length: 32 }, (_, seed) => run(seed)))) {
      const texts: string[] = JSON.parse(content);
      assert.ok(
        texts.every((text) => [...text].length === 6 && text.isWellFormed() && !text.includes('\ufffd')),
        content,
      );
    }
  });

  test('writes the same for one seed, with penalties as well', async () => {
    const fields = {
      response_format: ofSchema(PERSON),
      seed: 11,
      frequency_penalty: 1,
      presence_penalty: 0.5,
      max_tokens: 300,
    };
    const { content } = await used.engine.run(fields);
    assertPerson(content);
    assert.equal((await used.engine.run(fields)).content, content);
    assert.notEqual((await used.engine.run({ ...fields, seed: 12 })).content, content);
  });

  test('writes sixteen values at once, each as alone, beside others that are free', async () => {
    const run = (index: number, scope: string) =>
      used.engine.run(
        {
          messages: [{ role: 'user', content: `Question ${index}` }],
          ...(index % 4 === 3 ? {} : { response_format: ofSchema(PERSON) }),
          temperature: index % 2,
          seed: index,
          max_tokens: 100,
        },
        { scope },
      );
    const alone: string[] = [];
    for (let index = 0; index < 16; index++) alone.push((await run(index, 'alone')).content);
    const together = await Promise.all(alone.map((_, index) => run(index, 'together')));
    assert.deepEqual(
      together.map(({ content }) => content),
      alone,
    );
  });

  test('gives everything back when clients leave in the middle', async () => {
    const jobs = Array.from({ length: 16 }, () =>
      used.engine.start({ response_format: { type: 'json_object' }, max_tokens: 900 }),
    );
    await Promise.all(jobs.map((job) => job.begun));
    for (const job of jobs) job.abort();
    await Promise.all(jobs.map((job) => job.outcome));
    assertPerson((await used.engine.run({ response_format: ofSchema(PERSON), max_tokens: 300 })).content);
  });
});
