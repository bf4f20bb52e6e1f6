/**
 * Random JSON Schemas, all of which some value fulfils, and whose values are short enough for a model that writes at
 * random to come to an end.
 */
import fc from 'fast-check';

export type RandomSchema = Record<string, unknown>;

const word = fc.stringMatching(/^[a-z]{1,6}$/);

const range = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const integer = fc.oneof(
  fc.constant({ type: 'integer' }),
  range(-3000, 3000).map(([minimum, maximum]) => ({ type: 'integer', minimum, maximum })),
  fc.integer({ min: -1000, max: 1000 }).map((exclusiveMinimum) => ({ type: 'integer', exclusiveMinimum })),
  fc.integer({ min: -1000, max: 1000 }).map((exclusiveMaximum) => ({ type: 'integer', exclusiveMaximum })),
  fc.tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: -500, max: 500 })).map(([multipleOf, minimum]) => ({
    ...{ type: 'integer', multipleOf, minimum, maximum: minimum + 10 * multipleOf },
  })),
  fc.integer({ min: 2, max: 40 }).map((multipleOf) => ({ type: 'integer', multipleOf })),
);

const decimal = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => Number(value.toPrecision(6)));

const number = fc.oneof(
  fc.constant({ type: 'number' }),
  fc.tuple(decimal, fc.double({ min: 0, max: 1000, noNaN: true })).map(([minimum, width]) => ({
    ...{ type: 'number', minimum, maximum: minimum + width },
  })),
  decimal.map((exclusiveMinimum) => ({ type: 'number', exclusiveMinimum })),
  decimal.map((exclusiveMaximum) => ({ type: 'number', exclusiveMaximum })),
  fc.integer({ min: 1, max: 9 }).map((exclusiveMaximum) => ({ type: 'number', exclusiveMinimum: 0, exclusiveMaximum })),
  fc.integer({ min: 2, max: 9 }).map((multipleOf) => ({ type: 'number', multipleOf })),
);

/** Expressions whose texts are short. */
const PATTERNS = [
  '^[a-z]{2,5}$',
  '^(?:foo|bar)-\\d{1,3}$',
  '^\\S{1,8}$',
  '^[^a-z"\\\\]{3}$',
  '^(?:\\w\\w?\\w?|x{3,6})$',
  '^[\\u4e00-\\u9fff]{1,3}$',
  '^(a|b|ab){1,4}$',
  '^.{0,4}$',
  '^\\d{3}-\\d{4}$|^none$',
  '^[\\n\\t ]{1,3}$',
  '^😀{1,2}[^😀]$',
];

const FORMATS = ['date', 'time', 'date-time', 'duration', 'uuid', 'email', 'hostname', 'ipv4', 'ipv6', 'uri'];

const string = fc.oneof(
  fc.integer({ min: 0, max: 12 }).map((maxLength) => ({ type: 'string', maxLength })),
  range(0, 40).map(([minLength, maxLength]) => ({ type: 'string', minLength, maxLength })),
  fc.constantFrom(...PATTERNS).map((pattern) => ({ type: 'string', pattern })),
  fc.integer({ min: 2, max: 8 }).map((maxLength) => ({ type: 'string', pattern: '^[a-f]+$', maxLength })),
  fc.integer({ min: 4, max: 9 }).map((maxLength) => ({ type: 'string', pattern: 'ab|c', maxLength })),
  fc.constantFrom(...FORMATS).map((format) => ({ type: 'string', format, maxLength: 60 })),
);

const scalarValue = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);

const values = fc.oneof(
  fc.uniqueArray(scalarValue, { minLength: 1, maxLength: 5 }).map((list) => ({ enum: list })),
  scalarValue.map((value) => ({ const: value })),
  fc.dictionary(word, scalarValue, { maxKeys: 3 }).map((value) => ({ const: value })),
  fc.array(scalarValue, { maxLength: 3 }).map((value) => ({ enum: [value, 'other'] })),
  fc.constant({ type: ['string', 'null'], enum: ['a', 1, null, 'bb'], minLength: 2 }),
);

const simple = fc.oneof(
  integer,
  number,
  string,
  values,
  fc.constant({ type: 'boolean' }),
  fc.constant({ type: 'null' }),
  fc.constant({ type: ['integer', 'boolean', 'null'] }),
  fc.constant({ type: 'string', maxLength: 4, nullable: true }),
);

/** Objects with declared properties, others by schema or by expression, or merged out of two parts. */
function objects(inner: fc.Arbitrary<RandomSchema>): fc.Arbitrary<RandomSchema> {
  const properties = fc.dictionary(word, inner, { maxKeys: 4 });
  const declared = fc
    .tuple(properties, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean())
    .map(([known, share, closed]) => ({
      type: 'object',
      properties: known,
      required: Object.keys(known).filter((_, index, all) => index < share * all.length),
      ...(closed ? { additionalProperties: false } : {}),
    }));
  return fc.oneof(
    { weight: 4, arbitrary: declared },
    fc.tuple(properties, inner).map(([known, additionalProperties]) => ({
      ...{ type: 'object', properties: known, additionalProperties, maxProperties: Object.keys(known).length + 2 },
    })),
    inner.map((schema) => ({
      ...{
        type: 'object',
        patternProperties: { '^x-[a-c]{1,3}$': schema },
        additionalProperties: false,
        maxProperties: 2,
      },
    })),
    fc.tuple(properties, properties).map(([one, other]) => ({
      allOf: [
        { type: 'object', properties: one, required: Object.keys(one) },
        { properties: Object.fromEntries(Object.entries(other).filter(([name]) => !Object.hasOwn(one, name))) },
      ],
    })),
  );
}

function arrays(inner: fc.Arbitrary<RandomSchema>): fc.Arbitrary<RandomSchema> {
  return fc.oneof(
    fc.tuple(inner, range(0, 4)).map(([items, [minItems, maxItems]]) => ({ type: 'array', items, minItems, maxItems })),
    fc.tuple(fc.array(inner, { minLength: 1, maxLength: 3 }), inner).map(([prefixItems, items]) => ({
      ...{ type: 'array', prefixItems, items, minItems: 1, maxItems: prefixItems.length + 2 },
    })),
    fc.constant({ type: 'array', items: { type: 'boolean' }, minItems: 20, maxItems: 40 }),
  );
}

function combinations(inner: fc.Arbitrary<RandomSchema>): fc.Arbitrary<RandomSchema> {
  const branches = fc.array(inner, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    branches.map((anyOf) => ({ anyOf })),
    inner.map((schema) => ({
      oneOf: [
        { type: 'object', properties: { kind: { const: 'a' }, value: schema }, required: ['kind'] },
        { type: 'object', properties: { kind: { const: 'b' } }, required: ['kind'] },
      ],
    })),
    inner.map((schema) => ({ allOf: [schema], title: 'One', description: 'A note.' })),
  );
}

const nested = fc.letrec<{ schema: RandomSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'schema', withCrossShrink: true },
    simple,
    objects(tie('schema')),
    arrays(tie('schema')),
    combinations(tie('schema')),
  ),
})).schema;

/** A schema whose parts are referred to, here and there, instead of being written where they are used. */
export const randomSchema: fc.Arbitrary<RandomSchema> = fc.oneof(
  nested,
  fc.tuple(nested, nested).map(([one, other]) => ({
    type: 'object',
    properties: {
      one: { $ref: '#/$defs/one' },
      many: { type: 'array', items: { $ref: '#/$defs/one' }, maxItems: 2 },
      other: { $ref: '#/$defs/other~1part' },
    },
    required: ['one', 'other'],
    additionalProperties: false,
    $defs: { one, 'other/part': other },
  })),
);
