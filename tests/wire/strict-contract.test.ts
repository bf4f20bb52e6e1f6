/** The rules that only the strict contract has: what breaks each of them, and what does not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ChatRequest, checkStrictContract, type StrictCircumstances } from '@plumb/wire';

const USER = { role: 'user', content: 'Hi' } as const;
const PLAIN: StrictCircumstances = { thinking: false, isBeta: false };
const THINKING = { ...PLAIN, thinking: true };
const BETA = { ...PLAIN, isBeta: true };
const tool = (parameters: object, strict = true) => ({
  type: 'function' as const,
  function: { name: 'f', strict, parameters: parameters as Record<string, unknown> },
});
const TOOLS = [tool({}, false)];

function problemOf(fields: Partial<ChatRequest>, circumstances: StrictCircumstances): string | undefined {
  try {
    checkStrictContract({ model: 'm', messages: [USER], ...fields }, circumstances);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('thinking under the strict contract', () => {
  const LOST = 'The `reasoning_content` in the thinking mode must be passed back to the API.';
  const history = (reasoning?: string | null): ChatRequest['messages'] => [
    USER,
    { role: 'assistant', content: 'Yes', ...(reasoning === undefined ? {} : { reasoning_content: reasoning }) },
    USER,
  ];

  test('with tools wants the reasoning of every earlier answer back', () => {
    for (const reasoning of [undefined, null]) {
      assert.equal(problemOf({ tools: TOOLS, messages: history(reasoning) }, THINKING), LOST);
    }
  });

  test('takes an empty reasoning and a single space', () => {
    for (const reasoning of ['', ' ']) {
      assert.equal(problemOf({ tools: TOOLS, messages: history(reasoning) }, THINKING), undefined);
    }
  });

  test('wants none back without tools, or where nothing is thought', () => {
    assert.equal(problemOf({ messages: history() }, THINKING), undefined);
    assert.equal(problemOf({ tools: [], messages: history() }, THINKING), undefined);
    assert.equal(problemOf({ tools: TOOLS, messages: history() }, PLAIN), undefined);
  });

  test('refuses to be told which tool to call', () => {
    const named = { type: 'function', function: { name: 'f' } } as const;
    for (const tool_choice of ['required', named] as const) {
      assert.equal(
        problemOf({ tools: TOOLS, tool_choice }, THINKING),
        'Thinking mode does not support this tool_choice',
      );
      assert.equal(problemOf({ tools: TOOLS, tool_choice }, PLAIN), undefined);
    }
    for (const tool_choice of ['none', 'auto', null] as const) {
      assert.equal(problemOf({ tools: TOOLS, tool_choice }, THINKING), undefined);
    }
  });
});

test('the strict contract refuses json_schema', () => {
  const format = { type: 'json_schema' as const, json_schema: { schema: {} } };
  assert.equal(problemOf({ response_format: format }, BETA), 'This response_format type is unavailable now');
  assert.equal(problemOf({ response_format: { type: 'json_object' } }, BETA), undefined);
});

test('the strict contract has prefixes under /beta alone', () => {
  const messages: ChatRequest['messages'] = [USER, { role: 'assistant', content: 'x', prefix: true }];
  assert.match(problemOf({ messages }, PLAIN) ?? '', /^prefix is only available when using beta api/);
  assert.equal(problemOf({ messages }, BETA), undefined);
});

describe('strict functions', () => {
  const person = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const inside = (part: object) => ({ ...person, properties: { a: part } });
  const refused: [schema: object, message: string][] = [
    [{ ...person, required: [] }, ': in strict mode every property must be in required, a is not'],
    [{ ...person, additionalProperties: true }, ': strict mode needs additionalProperties = false'],
    [inside({ type: 'string', minLength: 1 }), '.properties.a: minLength is not supported in strict mode'],
    [inside({ type: 'string', maxLength: 1 }), '.properties.a: maxLength is not supported in strict mode'],
    [inside({ type: 'array', minItems: 1 }), '.properties.a: minItems is not supported in strict mode'],
    [inside({ type: 'array', maxItems: 1 }), '.properties.a: maxItems is not supported in strict mode'],
    [inside({ type: 'string', format: 'date' }), '.properties.a: the format date is not supported in strict mode'],
    [
      inside({ type: 'array', items: { type: 'string', minLength: 1 } }),
      '.properties.a.items: minLength is not supported in strict mode',
    ],
    [
      inside({ anyOf: [{ type: 'null' }, { type: 'object', properties: { b: {} } }] }),
      '.properties.a.anyOf[1]: in strict mode every property must be in required, b is not',
    ],
    [
      { ...person, $defs: { one: { type: 'array', minItems: 1 } } },
      '.$defs.one: minItems is not supported in strict mode',
    ],
  ];
  for (const [schema, message] of refused) {
    test(`may not have ${JSON.stringify(schema)}`, () => {
      assert.equal(problemOf({ tools: [tool(schema)] }, BETA), `tools.0.function.parameters${message}`);
    });
  }

  const allowed = [
    {},
    { type: 'object' },
    person,
    inside({ type: 'string', pattern: '^x', format: 'email' }),
    inside({ type: 'number', minimum: 0, exclusiveMaximum: 9, multipleOf: 3 }),
    inside({ enum: ['a', 1], const: 'a' }),
    { ...person, $def: { node: { $ref: '#/$def/node' } } },
  ];
  for (const schema of allowed) {
    test(`may have ${JSON.stringify(schema)}`, () => {
      assert.equal(problemOf({ tools: [tool(schema)] }, BETA), undefined);
    });
  }

  test('are strict together or not at all', () => {
    const tools = [tool({}), { type: 'function' as const, function: { name: 'g' } }];
    assert.match(problemOf({ tools }, BETA) ?? '', /^tools\.1\.function\.strict: in strict mode every function/);
    assert.equal(problemOf({ tools: tools.slice(1) }, BETA), undefined);
  });

  test('are like others outside of /beta', () => {
    assert.equal(problemOf({ tools: [tool({ ...person, required: [] })] }, PLAIN), undefined);
  });
});
