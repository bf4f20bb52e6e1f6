/** What the hosted API refuses and this project allows unless it is told to be as strict. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkHostedRules } from '@plumb/wire';
import { messageOf, readFields } from './support.js';

const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const tool = (fields: object) => ({ type: 'function', function: { name: 'f', ...fields } });
const strict = (parameters: object) => tool({ strict: true, parameters });

function refusal(fields: object, thinking = false): string {
  const request = readFields(fields);
  return messageOf(() => checkHostedRules(request, thinking));
}

describe('the rules of the hosted API', () => {
  test('have no json_schema', () => {
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema: {} } };
    assert.equal(refusal({ response_format }), 'This response_format type is unavailable now');
  });

  test('have no forced call while thinking', () => {
    const named = { type: 'function', function: { name: 'f' } };
    for (const tool_choice of ['required', named]) {
      const fields = { tools: [tool({})], tool_choice };
      assert.equal(refusal(fields, true), 'Thinking mode does not support this tool_choice');
      assert.doesNotThrow(() => checkHostedRules(readFields(fields), false));
    }
    assert.doesNotThrow(() => checkHostedRules(readFields({ tools: [tool({})], tool_choice: 'auto' }), true));
  });

  test('want the reasoning of every turn of the assistant back when there are tools', () => {
    const turns = (reasoning: object) => [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', ...reasoning },
      { role: 'user', content: 'c' },
    ];
    const words = 'The `reasoning_content` in the thinking mode must be passed back to the API.';
    assert.equal(refusal({ messages: turns({}), tools: [tool({})] }, true), words);
    for (const fields of [{ messages: turns({}) }, { messages: turns({ reasoning_content: '' }), tools: [tool({})] }]) {
      assert.doesNotThrow(() => checkHostedRules(readFields(fields), true));
    }
  });

  const faults: [string, object[], string][] = [
    ['a function that is not strict among others', [strict(SCHEMA), tool({ name: 'g' })], 'tools.1.function.strict'],
    ['an optional property', [strict({ ...SCHEMA, required: [] })], "the property 'a' must be in `required` at #"],
    [
      'an optional property further in',
      [strict({ ...SCHEMA, properties: { a: { anyOf: [{ ...SCHEMA, required: [] }] } } })],
      "the property 'a' must be in `required` at #/properties/a/anyOf/0",
    ],
    [
      'open objects',
      [strict({ ...SCHEMA, additionalProperties: undefined })],
      '`additionalProperties` must be false at #',
    ],
    [
      'lengths',
      [strict({ ...SCHEMA, properties: { a: { type: 'string', maxLength: 3 } } })],
      '`maxLength` is not supported at #/properties/a',
    ],
    [
      'numbers of items',
      [strict({ ...SCHEMA, properties: { a: { type: 'array', items: { type: 'array', minItems: 1 } } } })],
      '`minItems` is not supported at #/properties/a/items',
    ],
    [
      'other formats',
      [strict({ ...SCHEMA, properties: { a: { type: 'string', format: 'date' } } })],
      'this `format` is not supported at #/properties/a',
    ],
  ];
  for (const [name, tools, words] of faults) {
    test(`do not allow ${name} in strict mode`, () => {
      assert.ok(refusal({ tools }).includes(words), refusal({ tools }));
    });
  }

  test('allow what strict mode knows', () => {
    const parameters = {
      ...SCHEMA,
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string', format: 'uuid', pattern: '^a' } },
    };
    assert.doesNotThrow(() => checkHostedRules(readFields({ tools: [strict(parameters)] }), true));
  });
});
