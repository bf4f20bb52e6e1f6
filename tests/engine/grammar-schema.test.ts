/** What the grammar of each feature of JSON Schema lets through, and what it does not. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { grammarOf, type Matcher, openMatchers } from '../support/grammar-matcher.js';

let open: (gbnf: string) => Matcher;
before(async () => {
  open = await openMatchers();
});

/** A feature, a schema with it, texts that are let through, and texts that are not. */
type Case = readonly [feature: string, schema: object | boolean, yes: readonly string[], no: readonly string[]];

function check(cases: readonly Case[]): void {
  for (const [feature, schema, yes, no] of cases) {
    test(feature, () => {
      const matches = open(grammarOf(schema));
      for (const text of yes) assert.ok(matches(text), `${text} is let through`);
      for (const text of no) assert.ok(!matches(text), `${text} is not`);
    });
  }
}

const AB = { type: 'object', properties: { a: { type: 'null' }, b: { type: 'boolean' } } };

describe('objects', () => {
  check([
    [
      'have their properties in order, and optional ones or not',
      { ...AB, required: ['a'] },
      ['{"a":null}', '{"a": null, "b": true}', '{ "a":null,\n  "b":false\n}'],
      ['{}', '{"b":true}', '{"b":true,"a":null}', '{"a":null,}', '{"a":null,"c":1}', '{"a" :null}', '{"a":null} '],
    ],
    ['can have all properties optional', AB, ['{}', '{"a":null}', '{"b":true}', '{"a":null,"b":true}'], ['{,}', '[]']],
    [
      'have bounded white space',
      { ...AB, required: ['a'] },
      [`{\n${' '.repeat(16)}"a":null}`],
      [`{\n${' '.repeat(17)}"a":null}`, '{  "a":null}', '{\n\n"a":null}', '{"a":  null}', '{\t"a":null}'],
    ],
    [
      'are free when nothing is said of properties',
      { type: 'object' },
      ['{}', '{"x":[1,{"y":null}]}'],
      ['{1:2}', '[]'],
    ],
    [
      'are empty when nothing is declared and nothing else allowed',
      { type: 'object', additionalProperties: false },
      ['{}', '{ }'],
      ['{"a":1}'],
    ],
    [
      'have other properties by schema, none of a declared name',
      { ...AB, additionalProperties: { type: 'integer' } },
      ['{"c":1}', '{"a":null,"aa":1,"":2}', '{"b":true,"c":3}'],
      ['{"c":null}', '{"a":1}', '{"c":1,"b":true}', '{"\\u0061":1}'],
    ],
    [
      'have properties by pattern',
      {
        type: 'object',
        properties: { 'x-a': { type: 'null' } },
        patternProperties: { '^x-': { type: ['integer', 'null'] } },
        additionalProperties: { type: 'boolean' },
      },
      ['{"x-a":null}', '{"x-b":1}', '{"x-a":null,"x-c":null,"y":true}'],
      ['{"x-a":1}', '{"x-b":true}', '{"y":1}'],
    ],
    [
      'may have to have something',
      { type: 'object', additionalProperties: { type: 'null' }, minProperties: 1, maxProperties: 2 },
      ['{"a":null}', '{"a":null,"b":null}'],
      ['{}', '{"a":null,"b":null,"c":null}'],
    ],
    [
      'have required properties that are not declared',
      { type: 'object', required: ['z'] },
      ['{"z":1}'],
      ['{}', '{"y":1}'],
    ],
    [
      'have names that JSON has to escape',
      { type: 'object', properties: { 'a"\n\\é': { type: 'null' } }, required: ['a"\n\\é'] },
      ['{"a\\"\\n\\\\é":null}'],
      ['{}'],
    ],
    [
      'leave out optional properties that nothing can be',
      { type: 'object', properties: { a: false, b: { type: 'null' } } },
      ['{}', '{"b":null}'],
      ['{"a":null}'],
    ],
  ]);
});

describe('arrays', () => {
  const items = { type: 'null' };
  check([
    [
      'have any number of items',
      { type: 'array', items },
      ['[]', '[null]', '[null, null,\nnull]', '[ ]'],
      ['[1]', '[null,]', '[,null]'],
    ],
    ['have items of any kind when nothing is said of them', { type: 'array' }, ['[]', '[1,"a",[],{}]'], ['{}']],
    [
      'have at least and at most so many',
      { type: 'array', items, minItems: 1, maxItems: 3 },
      ['[null]', '[null,null,null]'],
      ['[]', '[null,null,null,null]'],
    ],
    [
      'count far',
      { type: 'array', items, minItems: 30, maxItems: 45 },
      ['', '1'.repeat(15)].map((more) => `[${Array(30 + more.length).fill('null')}]`),
      [`[${Array(29).fill('null')}]`, `[${Array(46).fill('null')}]`],
    ],
    [
      'begin with a prefix',
      { type: 'array', prefixItems: [{ type: 'null' }, { type: 'boolean' }], items: { type: 'integer' } },
      ['[]', '[null]', '[null,true]', '[null,true,1,2]'],
      ['[true]', '[null,1]'],
    ],
    [
      'end with their prefix when nothing is said of more',
      { type: 'array', prefixItems: [{ type: 'null' }], minItems: 1 },
      ['[null]'],
      ['[]', '[null,null]'],
    ],
    [
      'know the old form of a prefix',
      { type: 'array', items: [{ type: 'null' }], additionalItems: false },
      ['[]', '[null]'],
      ['[null,null]'],
    ],
  ]);
});

describe('strings', () => {
  const of = (rules: object) => ({ type: 'string', ...rules });
  check([
    [
      'are of all that JSON can write',
      of({}),
      ['""', '"é😀\u2028"', String.raw`"\"\\\/\b\f\n\r\té\uD7ff\uE000"`, String.raw`"\ud83d\uDE00"`],
      [
        '"\n"',
        '"\u0007"',
        String.raw`"\x"`,
        String.raw`"\ud83d"`,
        String.raw`"\ude00\ud83d"`,
        String.raw`"\u12g4"`,
        '"',
        '"a""',
      ],
    ],
    [
      'have lengths in characters',
      of({ minLength: 2, maxLength: 3 }),
      ['"ab"', '"😀😀😀"', String.raw`"\ud83d\ude00\n"`],
      ['"a"', '"abcd"', '"😀"'],
    ],
    [
      'have long lengths',
      of({ minLength: 100, maxLength: 5000 }),
      [100, 101, 2048, 4095, 5000].map((length) => `"${'x'.repeat(length)}"`),
      [99, 5001].map((length) => `"${'x'.repeat(length)}"`),
    ],
    ['have anchored patterns', of({ pattern: '^[a-c]{2}x?$' }), ['"ab"', '"ccx"'], ['"a"', '"abcx"', '"abxx"', '"dd"']],
    ['have patterns anywhere', of({ pattern: 'b+' }), ['"b"', '"abbc"', String.raw`"\n\"b"`], ['""', '"ac"']],
    ['have anchors in each alternative', of({ pattern: '^a|b$' }), ['"a!"', '"!b"'], ['"!a!"', '"b!"']],
    [
      'have escaped characters by pattern',
      of({ pattern: '^["\\\\\\n\\u0001]$' }),
      [String.raw`"\""`, String.raw`"\\"`, String.raw`"\n"`],
      ['"n"'],
    ],
    ['can be a control character alone', of({ pattern: '^\\x01$' }), [String.raw`"\u0001"`], ['""']],
    [
      'have a pattern and a length',
      of({ pattern: '^[a-z]+$', minLength: 2, maxLength: 3 }),
      ['"ab"', '"abc"'],
      ['"a"', '"abcd"', '"a1"'],
    ],
    [
      'have several patterns',
      { allOf: [of({ pattern: '^a' }), of({ pattern: 'z$' })] },
      ['"az"', '"a-z"'],
      ['"a"', '"z"'],
    ],
    [
      'have dates',
      of({ format: 'date' }),
      ['"2026-11-25"', '"2024-02-29"', '"2000-02-29"'],
      ['"2023-02-29"', '"1900-02-29"', '"2026-04-31"', '"2026-13-01"', '"26-1-1"'],
    ],
    [
      'have times',
      of({ format: 'time' }),
      ['"23:59:59Z"', '"00:00:00.123+05:30"'],
      ['"24:00:00Z"', '"12:00:00"', '"12:60:00Z"'],
    ],
    [
      'have dates with times',
      of({ format: 'date-time' }),
      ['"2026-11-25T21:40:00Z"'],
      ['"2026-11-25"', '"2026-11-25 21:40:00Z"'],
    ],
    [
      'have UUIDs',
      of({ format: 'uuid' }),
      ['"c07fd9d0-1234-4abc-8def-0123456789AB"'],
      ['"c07fd9d0"', '"g07fd9d0-1234-4abc-8def-0123456789ab"'],
    ],
    [
      'have mail addresses',
      of({ format: 'email' }),
      ['"a.b+c@example.com"'],
      ['"a"', '"a@b"', '"@b.c"', '"a@-b.com"', '".a@b.com"'],
    ],
    ['have IPv4 addresses', of({ format: 'ipv4' }), ['"0.10.199.255"'], ['"256.1.1.1"', '"1.2.3"', '"01.2.3.4"']],
    [
      'have IPv6 addresses',
      of({ format: 'ipv6' }),
      ['"::"', '"::1"', '"2001:db8::ff00:42:8329"', '"1:2:3:4:5:6:7:8"', '"1:2:3:4:5:6:7::"'],
      ['"1:2:3"', '"1::2::3"', '"1:2:3:4:5:6:7:8:9"', '":1"'],
    ],
    [
      'have addresses of the web',
      of({ format: 'uri' }),
      ['"https://example.com:8080/a/b?c=d#e"', '"mailto:a@b.com"'],
      ['"example.com"', '"http://"', '"http://a b"'],
    ],
    [
      'have host names',
      of({ format: 'hostname' }),
      ['"a"', '"example.com"', '"x-1.y"'],
      ['"-a"', '"a-"', '"a..b"', '"a_b"'],
    ],
    [
      'have durations',
      of({ format: 'duration' }),
      ['"P1Y2M3D"', '"PT5M"', '"P2W"', '"P1DT2H"'],
      ['"P"', '"1D"', '"P1DT"'],
    ],
    ['have a format and a length', of({ format: 'email', maxLength: 10 }), ['"a@b.com"'], ['"aaaaaaa@b.com"']],
    [
      'have a format and a length that it keeps in any case',
      of({ format: 'uuid', maxLength: 100 }),
      ['"c07fd9d0-1234-4abc-8def-0123456789ab"'],
      ['""'],
    ],
  ]);
});

describe('numbers', () => {
  const number = (rules: object) => ({ type: 'number', ...rules });
  const integer = (rules: object) => ({ type: 'integer', ...rules });
  check([
    [
      'are of all that JSON can write, but for their length',
      number({}),
      ['0', '-0', '1.5', '-12.25e+10', '3E8', '100'],
      ['01', '.5', '1.', '+1', '1e', '1e400', 'NaN', ''],
    ],
    ['can be whole', integer({}), ['0', '-7', '12345678901234567890'], ['1.0', '1e3', '00', '123456789012345678901']],
    [
      'have bounds',
      integer({ minimum: -3, maximum: 12 }),
      ['-3', '-1', '0', '9', '12'],
      ['-4', '13', '-0', '012', '120'],
    ],
    [
      'have bounds that are not allowed themselves',
      integer({ exclusiveMinimum: 0, exclusiveMaximum: 3 }),
      ['1', '2'],
      ['0', '3', '-1'],
    ],
    ['have broken bounds', integer({ minimum: 1.5, maximum: 3.5 }), ['2', '3'], ['1', '4']],
    ['have a lower bound alone', integer({ minimum: 98 }), ['98', '99', '100', '10000000'], ['97', '9', '-98']],
    ['have an upper bound alone', integer({ maximum: -98 }), ['-98', '-100', '-12345'], ['-97', '-9', '0']],
    [
      'are multiples',
      integer({ multipleOf: 7, minimum: -20, maximum: 120 }),
      ['-14', '0', '7', '119'],
      ['-21', '8', '126', '70.0'],
    ],
    [
      'are multiples without bounds',
      integer({ multipleOf: 25 }),
      ['0', '25', '-100', '123456789012325'],
      ['30', '26', '5'],
    ],
    [
      'are multiples of two numbers',
      integer({ allOf: [{ multipleOf: 4 }, { multipleOf: 6 }] }),
      ['12', '24', '0'],
      ['4', '6', '18'],
    ],
    [
      'are multiples of a whole number though they need not be whole',
      number({ multipleOf: 3 }),
      ['9', '-3'],
      ['4', '9.0'],
    ],
    ['are whole multiples of a half in any case', integer({ multipleOf: 0.5 }), ['3'], ['3.5']],
    [
      'lie between decimals',
      number({ minimum: 0.25, maximum: 1.5 }),
      ['0.25', '0.250', '0.3', '1', '1.0', '1.5', '0.9999999'],
      ['0.2', '0.24999', '1.51', '1.6', '2', '0', '-1', '1e0'],
    ],
    [
      'lie between decimals on both sides of zero',
      number({ minimum: -1.5, maximum: 0.5 }),
      ['-1.5', '-1.49', '-0.1', '0', '0.5'],
      ['-1.6', '0.51', '-2', '1'],
    ],
    [
      'lie between decimals of one whole number',
      number({ minimum: 2.73, maximum: 2.7316 }),
      ['2.73', '2.7300', '2.731', '2.7316'],
      ['2.7317', '2.72', '2', '2.8', '3'],
    ],
    [
      'stay away from a bound that is not allowed',
      number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }),
      ['0.5', '0.000001', '0.999999'],
      ['0', '0.0', '1', '1.0', '-0.5'],
    ],
    ['can be one number alone', number({ minimum: 2.5, maximum: 2.5 }), ['2.5'], ['2.4', '2.50', '2.51', '2']],
    [
      'know the sizes of OpenAPI',
      integer({ format: 'int32' }),
      ['2147483647', '-2147483648'],
      ['2147483648', '-2147483649'],
    ],
  ]);
});

describe('choices', () => {
  check([
    ['are of listed values', { enum: ['a', 1, null, { k: [1] }] }, ['"a"', '1', 'null', '{"k":[1]}'], ['"b"', '2']],
    [
      'are of listed values that the other keywords allow',
      { enum: ['a', 'bb', 1], type: 'string', minLength: 2 },
      ['"bb"'],
      ['"a"', '1'],
    ],
    ['are one value', { const: 'x"y' }, [String.raw`"x\"y"`], ['"x"']],
    ['are of several types', { type: ['string', 'null'], maxLength: 1 }, ['"a"', 'null'], ['1', '"ab"']],
    ['are nullable', { type: 'boolean', nullable: true }, ['true', 'null'], ['0']],
    ['are true and false', { type: 'boolean' }, ['true', 'false'], ['True', '1']],
    ['are of anything', true, ['1', 'null', '"a"', '[{}]'], ['', 'a']],
    [
      'are of any branch',
      { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 5, maximum: 6 }] },
      ['null', '5'],
      ['4', 'true'],
    ],
    [
      'are of any branch with what is said beside them',
      { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: -5 }, { type: 'string' }] },
      ['5', '-5'],
      ['0', '"a"'],
    ],
    [
      'are of one branch where these exclude each other',
      { oneOf: [{ type: 'string', maxLength: 1 }, { type: 'null' }] },
      ['"a"', 'null'],
      ['1'],
    ],
    [
      'are of one branch by a constant property',
      {
        oneOf: ['a', 'b'].map((kind) => ({
          type: 'object',
          properties: { kind: { const: kind }, [kind]: { type: 'null' } },
          required: ['kind'],
        })),
      },
      ['{"kind":"a","a":null}', '{"kind":"b"}'],
      ['{"kind":"a","b":null}', '{}', '{"kind":"c"}'],
    ],
    [
      'are of one branch by a property that the other must have',
      {
        oneOf: ['a', 'b'].map((name) => ({
          type: 'object',
          properties: { [name]: { type: 'null' } },
          required: [name],
          additionalProperties: false,
        })),
      },
      ['{"a":null}', '{"b":null}'],
      ['{"a":null,"b":null}'],
    ],
    [
      'are of one branch by ranges',
      {
        oneOf: [
          { type: 'integer', maximum: 3, minimum: 1 },
          { type: 'integer', exclusiveMinimum: 3, maximum: 9 },
        ],
      },
      ['1', '3', '4'],
      ['0', '10'],
    ],
    [
      'are of all parts',
      { allOf: [{ type: 'integer', minimum: 2 }, { maximum: 4 }, { minimum: 3 }] },
      ['3', '4'],
      ['2', '5'],
    ],
    [
      'are of all parts of an object',
      { allOf: [AB, { properties: { b: { const: true }, c: { type: 'null' } }, required: ['b'] }] },
      ['{"b":true}', '{"a":null,"b":true,"c":null}'],
      ['{"b":false}', '{}'],
    ],
    [
      'obey additionalProperties of one part for the properties of another',
      {
        allOf: [
          { ...AB, additionalProperties: { type: 'integer' } },
          { type: 'object', properties: { c: {} } },
        ],
      },
      ['{"c":1}'],
      ['{"c":"x"}'],
    ],
  ]);
});

describe('references', () => {
  const tree = {
    $ref: '#/$defs/tree',
    $defs: {
      tree: {
        type: 'object',
        properties: { left: { $ref: '#/$defs/tree' }, right: { $ref: '#/$defs/tree' } },
        additionalProperties: false,
      },
    },
  };
  check([
    [
      'lead to definitions',
      { type: 'array', items: { $ref: '#/$defs/a~1b%20c' }, $defs: { 'a/b c': { type: 'null' } } },
      ['[null]'],
      ['[1]'],
    ],
    [
      'lead to old definitions and to any other place',
      {
        properties: { a: { $ref: '#/definitions/x' }, b: { $ref: '#/properties/a' } },
        definitions: { x: { type: 'null' } },
      },
      ['{"a":null,"b":null}'],
      ['{"b":1}'],
    ],
    ['lead to themselves', tree, ['{}', '{"left":{"right":{}},"right":{}}'], ['{"left":null}']],
    ['lead to the whole', { type: 'array', items: { $ref: '#' } }, ['[]', '[[],[[]]]'], ['[1]']],
    [
      'have more beside them',
      { $ref: '#/$defs/n', maximum: 5, $defs: { n: { type: 'integer', minimum: 3 } } },
      ['3', '5'],
      ['2', '6'],
    ],
    [
      'leave out branches that never come to an end',
      {
        $ref: '#/$defs/a',
        $defs: {
          a: {
            anyOf: [{ type: 'null' }, { type: 'object', properties: { a: { $ref: '#/$defs/b' } }, required: ['a'] }],
          },
          b: { type: 'array', items: { $ref: '#/$defs/b' }, minItems: 1 },
        },
      },
      ['null'],
      ['{'],
    ],
  ]);
});

describe('notes in a schema', () => {
  const notes = {
    $schema: 'x',
    $id: 'y',
    $comment: '',
    title: '',
    description: '',
    default: 1,
    examples: [],
    deprecated: true,
    readOnly: true,
    'x-order': 1,
    contentEncoding: 'base64',
  };
  check([['mean nothing', { type: 'null', ...notes }, ['null'], ['1']]]);
});
