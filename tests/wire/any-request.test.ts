/** Whatever JSON comes, it is a request or it is refused: never with another error, never without a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isApiError } from '@plumb/wire';
import fc from 'fast-check';
import { readBody } from './support.js';

const PREFIX = 'Failed to deserialize the JSON body into the target type';

/** A request in which every field and every kind of message occurs. */
const FULL = {
  model: 'deepseek-flash',
  messages: [
    { role: 'system', content: 'Answer in JSON.', name: 'boss' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,', detail: 'low' } }] },
    { role: 'user', content: [{ type: 'file', file_id: 'file-1', filename: 'a.png' }] },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    { role: 'latest_reminder', content: 'now' },
    { role: 'assistant', content: 'Once', prefix: true },
  ],
  thinking: { type: 'enabled' },
  reasoning_effort: 'high',
  max_tokens: 10,
  max_completion_tokens: 20,
  response_format: { type: 'json_object', json_schema: { name: 'x', schema: {}, strict: true } },
  stop: ['a'],
  stream: true,
  stream_options: { include_usage: true },
  temperature: 1,
  top_p: 0.5,
  tools: [
    { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: false } },
  ],
  tool_choice: { type: 'function', function: { name: 'f' } },
  logprobs: true,
  top_logprobs: 2,
  user_id: 'u',
  user: 'u',
  frequency_penalty: 1,
  presence_penalty: 1,
  n: 1,
  seed: 5,
};

/** The paths of all values inside a value, and of itself. */
function pathsOf(value: unknown, path: string[] = []): string[][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inside.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

/** A copy with another value at a path, or without the value there when there is no other. */
function replaceAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy = structuredClone(value) as Record<string, unknown>;
  if (rest.length === 0 && other === undefined) delete copy[key];
  else copy[key] = replaceAt(copy[key], rest, other);
  return copy;
}

/** Reads a request, or checks the error that refuses it; tells which. */
function readOrRefuse(value: unknown): 'read' | 'refused' {
  try {
    readBody(JSON.stringify(value));
    return 'read';
  } catch (error) {
    if (!isApiError(error)) throw error;
    assert.ok(error.status === 400 || error.status === 422);
    assert.notEqual(error.message, PREFIX, 'the reason is missing');
    if (error.message.startsWith(PREFIX)) assert.match(error.message, / at line 1 column \d+$/);
    return 'refused';
  }
}

const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    2,
    -1,
    0.5,
    1e300,
    393_217,
    '',
    'x',
    'user',
    'tool',
    'text',
    'call_1',
  ),
  fc.string(),
);
const replacement = fc.oneof(scalar, fc.constant(undefined), fc.jsonValue(), fc.array(scalar, { maxLength: 20 }));

test('a request with every field is read', () => assert.equal(readOrRefuse(FULL), 'read'));

test('a request of which some values were replaced is read, or refused with a reason', () => {
  const places = fc.constantFrom(...pathsOf(FULL));
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(places, replacement), { minLength: 1, maxLength: 3 }), (replacements) => {
      let value: unknown = FULL;
      for (const [path, other] of replacements) {
        const exists = pathsOf(value).some((known) => known.join('/') === path.join('/'));
        if (exists) value = replaceAt(value, path, other);
      }
      fc.pre(value !== undefined && !/\\ud[89a-f]/i.test(JSON.stringify(value)));
      outcomes.add(readOrRefuse(value));
    }),
    { numRuns: 3000 },
  );
  assert.deepEqual([...outcomes].sort(), ['read', 'refused']);
});

test('any other JSON is refused with a reason', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      fc.pre(!/\\ud[89a-f]/i.test(JSON.stringify(value)));
      assert.equal(readOrRefuse(value), 'refused');
    }),
    { numRuns: 1000 },
  );
});
