/** A body that is JSON is read as JSON.parse reads it; any other is refused in serde_json's words, at its position. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJsonBody } from '@plumb/wire';
import fc from 'fast-check';
import { bytesOf, messageOf, refusalOf } from './support.js';

const PREFIX = 'Failed to parse the request body as JSON: ';

function parse(text: string): unknown {
  return parseJsonBody(bytesOf(text));
}

/** What follows the prefix in the message that refuses a text. */
function faultOf(body: string | Uint8Array): string {
  const error = refusalOf(() => parseJsonBody(typeof body === 'string' ? bytesOf(body) : body));
  assert.equal(error.status, 400);
  assert.equal(error.type, 'invalid_request_error');
  assert.equal(error.kind, 'malformed_json');
  assert.ok(error.message.startsWith(PREFIX), error.message);
  return error.message.slice(PREFIX.length);
}

describe('the texts of the contract', () => {
  test('a body that ends after a colon', () => {
    assert.equal(
      messageOf(() => parse('{"model":')),
      'Failed to parse the request body as JSON: model: EOF while parsing a value at line 1 column 9',
    );
  });

  test('an empty body', () => {
    assert.equal(
      messageOf(() => parse('')),
      'Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0',
    );
  });

  test('a key without quotes, deep inside', () => {
    const before = `{"messages":[${'{"role":"user","content":"x"},'.repeat(111)}{"tool_calls":[{`;
    assert.equal(
      messageOf(() => parse(`${before}id:"a"}]}]}`)),
      `Failed to parse the request body as JSON: messages[111].tool_calls[0].?: key must be a string at line 1 column ${before.length + 1}`,
    );
  });
});

describe('what serde_json says of a text that is no JSON', () => {
  // Positions follow serde_json's `position` (bytes read) and `peek_position` (one more), path serde_path_to_error.
  const cases: [string, string][] = [
    ['   ', 'EOF while parsing a value at line 1 column 3'],
    ['{', 'EOF while parsing an object at line 1 column 1'],
    ['{"model"', 'EOF while parsing an object at line 1 column 8'],
    ['{"model":1', 'EOF while parsing an object at line 1 column 10'],
    ['{"a":1,', 'EOF while parsing a value at line 1 column 7'],
    ['{"a":{"b":1', 'a.?: EOF while parsing an object at line 1 column 11'],
    ['{"a":{"b"', 'a: EOF while parsing an object at line 1 column 9'],
    ['[', 'EOF while parsing a list at line 1 column 1'],
    ['[1,', 'EOF while parsing a value at line 1 column 3'],
    ['{"a":[[],{"b":[1,2', 'a[1].b: EOF while parsing a list at line 1 column 18'],
    ['"abc', 'EOF while parsing a string at line 1 column 4'],
    ['"abc\\', 'EOF while parsing a string at line 1 column 5'],
    ['"\\u12', 'EOF while parsing a string at line 1 column 5'],
    ['"\\ud83d', 'EOF while parsing a string at line 1 column 7'],
    ['x', 'expected value at line 1 column 1'],
    ['{"a":}', 'a: expected value at line 1 column 6'],
    ['[1,x]', '[1]: expected value at line 1 column 4'],
    ["{'a':1}", 'key must be a string at line 1 column 2'],
    ['{"a":1,b:2}', 'key must be a string at line 1 column 8'],
    ['{"a" 1}', 'expected `:` at line 1 column 6'],
    ['{"a":1 "b":2}', 'expected `,` or `}` at line 1 column 8'],
    ['{"a":[1 2]}', 'a: expected `,` or `]` at line 1 column 9'],
    ['[1}', 'expected `,` or `]` at line 1 column 3'],
    ['{"a":1,}', 'trailing comma at line 1 column 8'],
    ['[1,]', 'trailing comma at line 1 column 4'],
    ['{} {}', 'trailing characters at line 1 column 4'],
    ['{}}', 'trailing characters at line 1 column 3'],
    ['truth', 'expected ident at line 1 column 4'],
    ['nul', 'EOF while parsing a value at line 1 column 3'],
    ['falsE', 'expected ident at line 1 column 5'],
    ['-', 'EOF while parsing a value at line 1 column 1'],
    ['-x', 'invalid number at line 1 column 2'],
    ['01', 'invalid number at line 1 column 2'],
    ['1.', 'EOF while parsing a value at line 1 column 2'],
    ['[1.]', '[0]: invalid number at line 1 column 4'],
    ['1e', 'EOF while parsing a value at line 1 column 2'],
    ['[1e+]', '[0]: invalid number at line 1 column 5'],
    ['[.5]', '[0]: expected value at line 1 column 2'],
    ['[NaN]', '[0]: expected value at line 1 column 2'],
    ['"\\x"', 'invalid escape at line 1 column 3'],
    ['"\\u12g4"', 'invalid escape at line 1 column 7'],
    ['{"a":"b\tc"}', 'a: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 8'],
    ['{\n "a":\r\n  tru\n}', 'a: expected ident at line 4 column 0'],
    ['{\n "a": 1\n "b"}', 'expected `,` or `}` at line 3 column 2'],
  ];
  for (const [text, fault] of cases) {
    test(`${JSON.stringify(text)} is refused: ${fault}`, () => assert.equal(faultOf(text), fault));
  }
});

describe('what JSON.parse lets pass and serde_json does not', () => {
  test('half a surrogate pair is refused, in values and in keys, wherever it hides', () => {
    assert.equal(faultOf('{"a":"\\udc00"}'), 'a: lone leading surrogate in hex escape at line 1 column 12');
    assert.equal(faultOf('{"a":"\\uD800\\u0041"}'), 'a: lone leading surrogate in hex escape at line 1 column 18');
    assert.equal(faultOf('{"a":"\\ud800"}'), 'a: unexpected end of hex escape at line 1 column 13');
    assert.equal(faultOf('{"a":"\\ud800\\n"}'), 'a: unexpected end of hex escape at line 1 column 14');
    assert.equal(faultOf('{"\\ud800":1}'), 'unexpected end of hex escape at line 1 column 9');
    assert.equal(
      faultOf(`["${'x'.repeat(5000)}","\\uDFFF"]`),
      '[1]: lone leading surrogate in hex escape at line 1 column 5011',
    );
    assert.equal(
      faultOf(`["${'好'.repeat(5000)}",{"b":"\\uDFFF"}]`),
      '[1].b: lone leading surrogate in hex escape at line 1 column 15016',
    );
  });

  test('whole pairs pass, and so does an escaped backslash before something that looks like half of one', () => {
    assert.deepEqual(parse('["\\ud83d\\ude00","\\\\ud800"]'), ['😀', '\\ud800']);
    assert.deepEqual(parse(`["${'x'.repeat(5000)}","\\uD83D\\uDE00"]`), ['x'.repeat(5000), '😀']);
  });

  test('a number beyond the largest double is refused', () => {
    assert.equal(faultOf('{"a":[1,-1e999]}'), 'a[1]: number out of range at line 1 column 14');
    assert.deepEqual(parse('[1e308,1e-999]'), [1e308, 0]);
  });

  test('a byte order mark is refused', () => {
    assert.equal(faultOf('\ufeff{}'), 'expected value at line 1 column 1');
  });

  test('bytes that are not UTF-8 are refused', () => {
    const body = Uint8Array.from([...bytesOf('{"a":"é'), 0xff, ...bytesOf('"}')]);
    assert.equal(faultOf(body), 'a: invalid unicode code point at line 1 column 10');
    assert.equal(faultOf(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)), 'invalid unicode code point at line 1 column 5');
    assert.equal(faultOf(Uint8Array.of(0x22, 0xc3)), 'EOF while parsing a string at line 1 column 2');
    assert.equal(faultOf(Uint8Array.of(0xff)), 'expected value at line 1 column 1');
  });
});

describe('deep nesting', () => {
  test('127 levels are read and the 128th is refused, as serde_json does', () => {
    assert.doesNotThrow(() => parse('['.repeat(127) + ']'.repeat(127)));
    assert.match(faultOf('['.repeat(128) + ']'.repeat(128)), /: recursion limit exceeded at line 1 column 128$/);
    assert.match(faultOf(`{"a":${'{"b":'.repeat(127)}1${'}'.repeat(128)}`), /recursion limit exceeded/);
  });

  test('brackets inside strings and side by side do not count', () => {
    const side = `[${'[],'.repeat(1000)}"${'['.repeat(1000)}\\"[[["]`;
    assert.deepEqual(parse(side), JSON.parse(side));
    const large = `["${'[\\"'.repeat(600_000)}",${'[{}],'.repeat(1000)}1]`;
    assert.deepEqual(parse(large), JSON.parse(large));
  });

  for (const [name, text] of [
    ['a million brackets that are closed', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
    ['a million brackets that are not', '['.repeat(1_000_000)],
    ['twelve million brackets', '['.repeat(12_000_000)],
    ['a million objects in one another', `${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`],
  ] as const) {
    test(`${name} are refused in a message of bounded length`, () => {
      const fault = faultOf(text);
      assert.match(fault, /recursion limit exceeded at line 1 column \d+$/);
      assert.ok(fault.length < 1200);
    });
  }

  test('long keys make no long message', () => {
    assert.ok(faultOf(`{"${'k'.repeat(100_000)}":`).length < 300);
  });
});

describe('any text', () => {
  test('that is JSON is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, noUnicodeString: false }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        // JSON.stringify writes half pairs as escapes, which are not acceptable here.
        fc.pre(!/\\ud[89a-f]/i.test(text));
        assert.deepEqual(parse(text), JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('that is mutated JSON is read as JSON.parse reads it, or refused with a position', () => {
    const mutation = fc.record({ at: fc.nat(), drop: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
    const syntax = fc.constantFrom(...'{}[],:"\\ue-+.0123456789tfn \n').map(bytesOf);
    fc.assert(
      fc.property(
        fc.json(),
        fc.array(fc.oneof(mutation, fc.record({ at: fc.nat(), drop: fc.nat(2), insert: syntax })), {
          minLength: 1,
          maxLength: 4,
        }),
        (json, mutations) => {
          let bytes = bytesOf(json);
          for (const { at, drop, insert } of mutations) {
            const index = at % (bytes.length + 1);
            bytes = Uint8Array.from([...bytes.subarray(0, index), ...insert, ...bytes.subarray(index + drop)]);
          }
          assertReadOrRefused(bytes);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('that is any bytes is read as JSON.parse reads it, or refused with a position', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), assertReadOrRefused), { numRuns: 2000 });
  });
});

/** The value of a text, or undefined when it is not JSON in UTF-8. */
function parseByPlatform(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) };
  } catch {
    return undefined;
  }
}

/** Holds `parseJsonBody` against the platform: the same value, or a refusal that says where the fault is. */
function assertReadOrRefused(bytes: Uint8Array): void {
  const expected = parseByPlatform(bytes);
  if (expected !== undefined) {
    try {
      assert.deepEqual(parseJsonBody(bytes), expected.value);
      return;
    } catch (error) {
      // What serde_json refuses and JSON.parse does not; anything else is no reason to refuse.
      assert.match(String(error), /hex escape|number out of range|recursion limit exceeded/);
    }
  }
  assert.match(faultOf(bytes), / at line \d+ column \d+$/);
}
