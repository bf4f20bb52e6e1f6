/** Schemas are made as TypeBox itself makes them, to the last key. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Type } from '@plumb/wire/schema';
import Library from 'typebox';
import { Value } from 'typebox/value';

/** The same schema from either of the two. */
const EXAMPLES: Readonly<Record<string, (type: Pick<typeof Library, keyof typeof Type>) => object>> = {
  'a text': (type) => type.String({ minLength: 1, pattern: '^a' }),
  'a truth value': (type) => type.Boolean({ default: false }),
  'a number': (type) => type.Number({ minimum: 0.5, default: 1 }),
  'a whole number': (type) => type.Integer({ maximum: 7 }),
  nothing: (type) => type.Null({ description: 'x' }),
  'a word': (type) => type.Literal('text'),
  'a fixed number': (type) => type.Literal(3, { title: 'Three' }),
  'one of several words': (type) => type.Enum(['a', 'b'], { default: 'a' }),
  'anything at all': (type) => type.Unknown(),
  'what another schema says': (type) => type.Unsafe<string>({ description: 'x' }),
  'a list': (type) => type.Array(type.String(), { minItems: 1, default: [] }),
  'a list of fixed length': (type) => type.Tuple([type.String(), type.Integer()]),
  'one of several kinds': (type) => type.Union([type.String(), type.Null()], { title: 'Maybe' }),
  'names not known beforehand': (type) => type.Record(type.String(), type.Integer()),
  'names of a pattern': (type) => type.Record(type.String({ pattern: '^[a-z]+$' }), type.Integer(), { default: {} }),
  'a group': (type) =>
    type.Object(
      { a: type.String(), b: type.Optional(type.Integer({ default: 1 })), c: type.Boolean() },
      { title: 'Group', additionalProperties: false },
    ),
  'a group where all may be missing': (type) => type.Object({ a: type.Optional(type.Object({})) }),
};

describe('a schema is what TypeBox makes', () => {
  for (const [what, make] of Object.entries(EXAMPLES)) {
    test(what, () => {
      const [own, other] = [make(Type), make(Library)];
      assert.equal(JSON.stringify(own), JSON.stringify(other));
      assert.deepEqual(hiddenOf(own, '~kind'), hiddenOf(other, '~kind'));
    });
  }

  test('so that its tools for values take it', () => {
    const make = (type: Pick<typeof Library, keyof typeof Type>) =>
      type.Object({ a: type.Optional(type.Object({ b: type.Integer({ default: 4 }) }, { default: {} })) });
    assert.deepEqual(Value.Default(make(Type), {}), { a: { b: 4 } });
    assert.deepEqual(Value.Default(make(Type), {}), Value.Default(make(Library), {}));
  });
});

function hiddenOf(schema: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(schema, name)?.value;
}
