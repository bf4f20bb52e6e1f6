/** Whatever the schema, and however little the model knows: what it writes is of the schema, says a foreign validator. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';
import { type RandomSchema, randomSchema } from '../support/random-schema.js';
import { validatorOf } from '../support/validator.js';

const SCHEMAS = 200;
const SEQUENCES = 8;

const folder = mkdtempSync(join(tmpdir(), 'plumb-random-schemas-'));
after(() => rmSync(folder, { recursive: true }));

describe('a model with random weights', () => {
  let engine: TestEngine;
  before(async () => {
    const modelPath = join(folder, 'random.gguf');
    writeRandomModel(modelPath);
    engine = await startEngine({ modelPath, sequences: SEQUENCES, contextTokens: 8192 });
  });
  after(() => engine.stop());

  /** Fails with the schema and the seed of the run in its message. */
  async function check(schema: RandomSchema, index: number, seed: number): Promise<void> {
    const { content, finishReason, failure } = await engine.run({
      temperature: index % 3 === 0 ? 2 : 1,
      seed: index,
      max_tokens: 8000,
      response_format: { type: 'json_schema', json_schema: { name: 'random', schema } },
    });
    const about = `seed ${seed}, schema ${index}: ${JSON.stringify(schema)}`;
    assert.equal(failure, undefined, `${JSON.stringify(failure)} ${about}`);
    assert.equal(finishReason, 'stop', about);
    const validate = validatorOf(schema);
    const isValid = validate(JSON.parse(content));
    assert.ok(isValid, `${content} ${JSON.stringify(validate.errors)} ${about}`);
  }

  test(`writes values of ${SCHEMAS} random schemas, and all of them are valid`, async () => {
    const seed = Number(process.env.PLUMB_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
    // As they arrive: without what JSON cannot say, such as objects without a prototype.
    const schemas: RandomSchema[] = JSON.parse(JSON.stringify(fc.sample(randomSchema, { numRuns: SCHEMAS, seed })));
    await Promise.all(schemas.map((schema, index) => check(schema, index, seed)));
  });
});
