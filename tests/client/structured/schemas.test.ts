/** Schemas of any library: what models read of them, and what they say of values. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { jsonSchema, toJsonSchema, validate } from '#client/schema/json-schema.js';
import type { InferOutput, StandardSchema } from '#client/schema/standard-schema.js';
import { isKitError } from '../support.js';

const JSON_SCHEMA = { type: 'object', properties: { days: { type: 'integer' } }, required: ['days'] };

/** A library that gives draft 7 alone. */
const old: StandardSchema<unknown, { days: number }> = {
  '~standard': {
    version: 1,
    vendor: 'old',
    validate: async (value) => {
      const { days } = (value ?? {}) as { days?: unknown };
      if (typeof days === 'number') return { value: { days } };
      return { issues: [{ message: 'is no number', path: [{ key: 'days' }] }] };
    },
    jsonSchema: {
      input: ({ target }) => {
        if (target !== 'draft-07') throw new Error('only draft-07');
        return { $schema: 'http://json-schema.org/draft-07/schema#', ...JSON_SCHEMA };
      },
    },
  },
};

const { jsonSchema: _, ...rest } = old['~standard'];
const mute: StandardSchema<unknown, { days: number }> = { '~standard': rest };

describe('a schema', () => {
  test('of zod gives its JSON Schema and its type', async () => {
    const schema = z.object({ days: z.coerce.number<string>().transform((days) => days + 1) });
    const value: InferOutput<typeof schema> = { days: 3 };
    assert.deepEqual(await validate(schema, { days: '2' }), { value });
    assert.deepEqual(toJsonSchema(z.object({ days: z.string() })).properties as object, { days: { type: 'string' } });
  });

  test('written by hand works the same, its issues become sentences', async () => {
    assert.deepEqual(toJsonSchema(old), JSON_SCHEMA);
    assert.deepEqual(await validate(old, { days: 'two' }), { problem: 'days: is no number' });
    assert.deepEqual(await validate(old, { days: 2 }), { value: { days: 2 } });
  });

  test('can be a JSON Schema with what validates it', async () => {
    const check = new Ajv().compile(JSON_SCHEMA);
    const schema = jsonSchema<{ days: number }>(JSON_SCHEMA, (value) =>
      check(value)
        ? []
        : check.errors!.map(({ instancePath, message = '' }) => ({ message, path: instancePath.split('/').slice(1) })),
    );
    assert.deepEqual(toJsonSchema(schema), JSON_SCHEMA);
    assert.deepEqual(await validate(schema, { days: 2 }), { value: { days: 2 } });
    assert.deepEqual(await validate(schema, { days: 'two' }), { problem: 'days: must be integer' });
  });

  test('without a JSON Schema is refused, until it is given one', async () => {
    assert.throws(
      () => toJsonSchema(mute),
      isKitError('invalid_input', ({ message }) => assert.match(message, /jsonSchema\(json/)),
    );
    const schema = jsonSchema(JSON_SCHEMA, mute);
    assert.deepEqual(toJsonSchema(schema), JSON_SCHEMA);
    assert.deepEqual(await validate(schema, {}), { problem: 'days: is no number' });
  });

  test('that cannot be written as JSON Schema is refused with the cause', () => {
    assert.throws(
      () => toJsonSchema(z.object({ at: z.date() })),
      isKitError('invalid_input', ({ cause }) => assert.match(String(cause), /Date/)),
    );
  });
});
