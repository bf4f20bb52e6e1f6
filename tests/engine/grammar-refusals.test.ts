/** What of JSON Schema is not enforced is refused by name and place, or left out where that was asked for. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Unenforceable } from '#llama/grammar/unenforceable.js';
import { grammarOf, type Matcher, openMatchers } from '../support/grammar-matcher.js';

let open: (gbnf: string) => Matcher;
before(async () => {
  open = await openMatchers();
});

function refusal(schema: object | boolean): string {
  try {
    grammarOf(schema);
  } catch (error) {
    assert.ok(error instanceof Unenforceable, String(error));
    return error.message;
  }
  return assert.fail('nothing was refused');
}

/** A chain of definitions, each of which is made of the next one. */
function chain(length: number, make: (next: object) => object): object {
  const $defs: Record<string, object> = { [`d${length}`]: { type: 'null' } };
  for (let index = 0; index < length; index++) $defs[`d${index}`] = make({ $ref: `#/$defs/d${index + 1}` });
  return { $ref: '#/$defs/d0', $defs };
}

describe('what is refused by name', () => {
  const inside = (rules: object) => ({ type: 'object', properties: { a: { items: rules } } });
  const keywords = {
    not: {},
    if: {},
    contains: {},
    propertyNames: {},
    dependentRequired: {},
    dependentSchemas: {},
    dependencies: {},
    unevaluatedProperties: {},
    unevaluatedItems: false,
    uniqueItems: true,
    $dynamicRef: '#a',
    maxLenght: 3,
    constructor: 1,
  };
  for (const [keyword, value] of Object.entries(keywords)) {
    test(keyword, () => {
      assert.ok(refusal(inside({ [keyword]: value })).startsWith(`\`${keyword}\` at #/properties/a/items `));
    });
  }

  const cases: [string, object | boolean, RegExp][] = [
    ['a pattern that looks ahead', { type: 'string', pattern: '^(?!a)' }, /`pattern` at # looks ahead/],
    ['a pattern with a border of words', { type: 'string', pattern: '\\bx' }, /`pattern` at # has `\\b`/],
    ['a pattern that refers back', { type: 'string', pattern: '(a)\\1' }, /`pattern` at # has `\\1`/],
    ['a pattern with a class of Unicode', { type: 'string', pattern: '\\p{L}' }, /`pattern` at # has `\\p`/],
    ['a pattern with an anchor inside', { type: 'string', pattern: '(^a)' }, /`pattern` at # has an anchor/],
    ['what is no pattern', { type: 'string', pattern: '(' }, /`pattern` at # is no regular expression/],
    ['a pattern with too many states', { type: 'string', pattern: 'a.{12}$' }, /automaton of more than 2000 states/],
    ['a pattern that is too long', { type: 'string', pattern: 'a'.repeat(1001) }, /more than 1000 characters/],
    ['a format that is not known', { type: 'string', format: 'iri' }, /`format` at # is "iri"/],
    ['a multiple of a fraction', { type: 'number', multipleOf: 0.01 }, /`multipleOf` at # is not a whole number/],
    [
      'branches of oneOf that overlap',
      { oneOf: [{ type: 'integer' }, { type: 'number' }] },
      /`oneOf` at # has branches/,
    ],
    ['more properties than can be made sure of', { type: 'object', minProperties: 2 }, /`minProperties` at #/],
    ['fewer properties than are declared', { properties: { a: {}, b: {} }, maxProperties: 1 }, /`maxProperties` at #/],
    ['a bad type', { type: 'any' }, /`type` at # has a value/],
    ['a bad number', { minimum: '1' }, /`minimum` at # has a value/],
    ['a bad length', { minLength: -1 }, /`minLength` at # has a value/],
    ['too long a length', { minLength: 1_000_001 }, /`minLength` at # is more than 1000000/],
    ['bad properties', { properties: { a: 1 } }, /`properties` at # has a value/],
    ['a bad anyOf', { anyOf: [] }, /`anyOf` at # has a value/],
    ['too many values', { enum: Array.from({ length: 1001 }, (_, index) => index) }, /`enum` at # has more than 1000/],
    ['a reference to elsewhere', { $ref: 'https://example.com/x' }, /the schema at # has a `\$ref` to .*not inside/],
    ['a reference to nothing', { $ref: '#/$defs/toString' }, /the schema at # has a `\$ref` to .*no schema/],
    ['a schema that is itself', { $ref: '#' }, /refers to itself without anything between/],
    ['a schema that allows nothing', false, /allows no value/],
    ['parts that exclude each other', { allOf: [{ type: 'string' }, { type: 'null' }] }, /allows no value/],
    [
      'an object that never ends',
      { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
      /allows no value/,
    ],
    [
      'a bound beyond what is exact',
      { type: 'number', exclusiveMinimum: 1e16 },
      /exclusive bound of more than 15 digits/,
    ],
    ['a large multiple', { type: 'integer', multipleOf: 9973 }, /more than 8192 rules/],
  ];
  for (const [name, schema, words] of cases) test(name, () => assert.match(refusal(schema), words));
});

describe('schemas that would take for ever', () => {
  const soonMs = 3000;
  const cases: [string, () => object, RegExp][] = [
    ['because they double', () => chain(60, (next) => ({ allOf: [next, next] })), /more than 20000 times/],
    ['because they branch', () => chain(60, (next) => ({ anyOf: [next, next] })), /more than 256 alternatives/],
    [
      'because they multiply',
      () => ({
        allOf: Array.from({ length: 9 }, (_, index) => ({ anyOf: [{ minLength: index }, { maxLength: 99 - index }] })),
      }),
      /more than 256 alternatives/,
    ],
    [
      'because they are deep',
      () => {
        let schema: object = { type: 'null' };
        for (let index = 0; index < 100; index++) schema = { type: 'array', items: schema };
        return schema;
      },
      /more than 64 schemas deep/,
    ],
    [
      'because they are nested without end',
      () => {
        let schema: object = { type: 'null' };
        for (let index = 0; index < 2000; index++) schema = { allOf: [schema] };
        return schema;
      },
      /nested too deeply/,
    ],
    ['because they are long', () => ({ description: 'x'.repeat(140_000) }), /more than 131072 characters/],
    ['because their patterns explode', () => ({ type: 'string', pattern: '(?:(?:a{0,99}){0,99}){0,99}' }), /states/],
  ];
  for (const [name, make, words] of cases) {
    test(name, () => {
      const startedAt = performance.now();
      assert.match(refusal(make()), words);
      assert.ok(performance.now() - startedAt < soonMs);
    });
  }

  test('do not include large ones that are harmless', () => {
    const property = (index: number) => [`property${index}`, { type: 'string', description: 'x'.repeat(50) }];
    const many = {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 500 }, (_, index) => property(index))),
    };
    assert.ok(open(grammarOf(many))('{"property0":"a","property499":"b"}'));
    assert.ok(
      open(grammarOf(chain(40, (next) => ({ type: 'array', items: next }))))(`${'['.repeat(40)}${']'.repeat(40)}`),
    );
  });
});

describe('what is not enforced where that was not asked for', () => {
  const cases: [string, object, string, string][] = [
    ['is left out', { type: 'array', items: { type: 'null' }, uniqueItems: true, maxItems: 2 }, '[null,null]', '[1]'],
    ['is left out of a string', { type: 'string', pattern: '^(?=a)', format: 'iri', maxLength: 2 }, '"b"', '"abc"'],
    ['is left out of a number', { type: 'number', multipleOf: 0.01, minimum: 0 }, '0.123', '-1'],
    ['makes oneOf the same as anyOf', { oneOf: [{ type: 'integer' }, { type: 'number' }] }, '1.5', '"a"'],
  ];
  for (const [name, schema, yes, no] of cases) {
    test(name, () => {
      const matches = open(grammarOf(schema, false));
      assert.ok(matches(yes));
      assert.ok(!matches(no));
    });
  }
});
