/** Schemas as strict functions may have them, and the way back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { z } from 'zod';
import { dropNulls } from '#client/schema/drop-nulls.js';
import { toJsonSchema } from '#client/schema/json-schema.js';
import { toStrictSchema } from '#client/schema/strict-schema.js';
import { findStrictSchemaProblem } from '#wire/read/strict-schema.js';
import { randomSchema } from '../../support/random-schema.js';

type Json = Record<string, unknown>;

const ajv = new Ajv2020({ strict: false, formats: { email: true, uuid: true, date: true } });
const accepts = (schema: Json, value: unknown) => ajv.compile(schema)(value);

const word = fc.stringMatching(/^[a-z]{1,6}$/);

/** A schema, a value that it accepts, and the same value as the strict schema has it. */
type Sample = { readonly schema: Json; readonly value: unknown; readonly strict: unknown };

const same = (schema: Json, value: unknown): Sample => ({ schema, value, strict: value });

const leaves: fc.Arbitrary<Sample> = fc.oneof(
  word.map((value) => same({ type: 'string', minLength: 1, maxLength: 9 }, value)),
  word.map((value) => same({ type: 'string', pattern: '^[a-z]+$' }, value)),
  fc.integer({ min: 0, max: 9 }).map((value) => same({ type: 'integer', minimum: 0, maximum: 9 }, value)),
  fc.boolean().map((value) => same({ type: 'boolean' }, value)),
  word.map((value) => same({ const: value }, value)),
  fc.uniqueArray(word, { minLength: 1 }).map((values) => same({ enum: values }, values[0])),
  fc.option(word).map((value) => same({ type: ['string', 'null'], maxLength: 9 }, value)),
  fc.option(word).map((value) => same({ anyOf: [{ type: 'string' }, { type: 'null' }] }, value)),
);

function objects(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  const property = fc.record({ inner, kind: fc.constantFrom('required', 'present', 'absent') });
  return fc.dictionary(word, property, { maxKeys: 4, noNullPrototype: true }).map((named) => {
    const entries = Object.entries(named);
    const pick = (part: keyof Sample) => Object.fromEntries(entries.map(([name, { inner }]) => [name, inner[part]]));
    // Null and absent mean the same where a property may be both.
    const isAbsent = ({ inner, kind }: (typeof entries)[number][1]) =>
      kind === 'absent' || (kind === 'present' && inner.value === null);
    const present = Object.fromEntries(
      entries.filter(([, one]) => !isAbsent(one)).map(([name, one]) => [name, one.inner.value]),
    );
    const strict = Object.fromEntries(entries.map(([name, one]) => [name, isAbsent(one) ? null : one.inner.strict]));
    const required = entries.filter(([, { kind }]) => kind === 'required').map(([name]) => name);
    return { schema: { type: 'object', properties: pick('schema'), required }, value: present, strict };
  });
}

const samples = fc.letrec<{ sample: Sample }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaves,
    objects(tie('sample')),
    tie('sample').map(({ schema, value, strict }) => ({
      ...{
        schema: { type: 'array', items: schema, minItems: 1, maxItems: 2 },
        value: [value, value],
        strict: [strict, strict],
      },
    })),
    tie('sample').map(({ schema, value, strict }) => ({
      schema: { anyOf: [{ type: 'null' }, schema] },
      value,
      strict,
    })),
  ),
})).sample;

describe('a strict schema', () => {
  test('accepts every value of the original, and gives it back', () => {
    const property = fc.property(objects(samples), ({ schema, value, strict }) => {
      const lowered = toStrictSchema(schema);
      assert.deepEqual(lowered.problems, []);
      assert.ok(accepts(schema, value));
      assert.ok(accepts(lowered.schema, strict), JSON.stringify(lowered.schema));
      assert.deepEqual(dropNulls(strict, schema), value);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('is one that the API takes, or says what cannot be said', () => {
    const property = fc.property(randomSchema, (random) => {
      const { schema, problems } = toStrictSchema(random);
      if (problems.length > 0) return;
      assert.equal(findStrictSchemaProblem(schema), undefined, JSON.stringify(schema));
      ajv.compile(schema);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('is exact only when who fulfils it fulfils the original', () => {
    const property = fc.property(objects(samples), ({ schema, strict }) => {
      const lowered = toStrictSchema(schema);
      if (lowered.isExact) assert.ok(accepts(schema, strict));
    });
    fc.assert(property, { numRuns: 500 });
    const exact = toStrictSchema({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] });
    assert.equal(exact.isExact, true);
    for (const part of [
      { type: 'string', minLength: 1 },
      { oneOf: [{ type: 'string' }] },
      { type: 'string', format: 'date' },
    ]) {
      assert.equal(toStrictSchema({ type: 'object', properties: { a: part }, required: ['a'] }).isExact, false);
    }
  });

  test('is what DeepSeek wants of a schema of zod', () => {
    const schema = z.object({
      name: z.string().min(2).describe('Its name.'),
      mail: z.email(),
      kind: z.enum(['cat', 'dog']).optional(),
      tags: z.array(z.string()).min(1),
      age: z.number().int().min(0).nullable(),
    });
    const { schema: lowered, problems } = toStrictSchema(toJsonSchema(schema));
    assert.deepEqual(problems, []);
    const maximum = Number.MAX_SAFE_INTEGER;
    assert.deepEqual(lowered, {
      type: 'object',
      properties: {
        name: { type: 'string', description: 'Its name.' },
        mail: { type: 'string', format: 'email' },
        kind: { anyOf: [{ type: 'string', enum: ['cat', 'dog'] }, { type: 'null' }] },
        tags: { type: 'array', items: { type: 'string' } },
        age: { anyOf: [{ type: 'integer', minimum: 0, maximum }, { type: 'null' }] },
      },
      required: ['name', 'mail', 'kind', 'tags', 'age'],
      additionalProperties: false,
    });
  });

  test('keeps references, also of schemas that hold themselves', () => {
    const Tree = z.object({
      name: z.string(),
      note: z.string().optional(),
      get children() {
        return z.array(Tree);
      },
    });
    const json = toJsonSchema(Tree);
    const { schema, problems } = toStrictSchema(json);
    assert.deepEqual(problems, []);
    const strict = { name: 'a', note: null, children: [{ name: 'b', note: null, children: [] }] };
    assert.ok(accepts(schema, strict));
    assert.deepEqual(dropNulls(strict, json), { name: 'a', children: [{ name: 'b', children: [] }] });
  });

  test('says what cannot be said, with its place', () => {
    const cases: [Json, RegExp][] = [
      [{ type: 'object', additionalProperties: { type: 'string' } }, /^#\/properties\/a allows properties/],
      [{ type: 'object' }, /allows properties that it does not name/],
      [{ type: 'object', properties: {}, additionalProperties: true }, /allows properties/],
      [{ type: 'object', properties: {}, required: ['b'] }, /requires a property that it does not name/],
      [{}, /has no type/],
      [{ type: 'array' }, /#\/properties\/a\/items allows everything/],
      [{ allOf: [{ type: 'string' }, { type: 'string' }] }, /has allOf/],
      [{ $ref: 'https://example.com' }, /another document/],
    ];
    for (const [a, expected] of cases) {
      const { problems } = toStrictSchema({ type: 'object', properties: { a } });
      assert.match(problems.join('; '), expected);
    }
  });

  test('leaves out what engines have not: look-around, back references, other formats', () => {
    const lower = (a: Json) =>
      (toStrictSchema({ type: 'object', properties: { a }, required: ['a'] }).schema.properties as Json).a;
    assert.deepEqual(lower({ type: 'string', pattern: '^(?=a)' }), { type: 'string' });
    assert.deepEqual(lower({ type: 'string', pattern: '(a)\\1' }), { type: 'string' });
    assert.deepEqual(lower({ type: 'string', pattern: '^(?:a|b)\\d$' }), { type: 'string', pattern: '^(?:a|b)\\d$' });
    assert.deepEqual(lower({ type: 'string', format: 'date' }), { type: 'string' });
    assert.deepEqual(lower({ type: 'string', nullable: true }), { anyOf: [{ type: 'string' }, { type: 'null' }] });
    assert.deepEqual(lower({ type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }), {
      ...{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
    });
  });
});
