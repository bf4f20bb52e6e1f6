/** Conversations that have the right shape and are not allowed are refused in the API's words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf } from '@plumb/wire';
import { messageOf, readFields, readMessages } from './support.js';

const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
const calls = (...ids: string[]) => ({ role: 'assistant', content: null, tool_calls: ids.map(call) });
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' });
const USER = { role: 'user', content: 'Hi' };

describe('messages', () => {
  const cases: [object[], string][] = [
    [[], 'Empty input messages'],
    [[USER, { role: 'assistant', content: null }], 'Invalid assistant message: content or tool_calls must be set'],
    [[USER, { role: 'assistant' }], 'Invalid assistant message: content or tool_calls must be set'],
    [
      [USER, { role: 'assistant', content: 'x', tool_calls: [] }],
      "Invalid 'messages[1].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      [{ role: 'assistant', content: 'x', prefix: true }, USER],
      "Invalid 'messages[0].prefix': only the last message can be a prefix",
    ],
    [
      [{ role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }],
      'Image in system message is unsupported',
    ],
    [[{ role: 'assistant', content: [{ type: 'file', file_id: 'x' }] }], 'Image in assistant message is unsupported'],
    [
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: '' },
            { type: 'image_url', image_url: { url: 'ftp://x' } },
          ],
        },
      ],
      'messages[0].content[1].image_url.url: Unsupported image_url format',
    ],
    [
      [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `https://${'x'.repeat(8185)}` } }] }],
      'external link length 8193 too long, max link length 8192. Consider passing file data directly with base64 data url instead.',
    ],
    [[{ role: 'user', content: [{ type: 'file' }] }], 'messages[0].content[0]: file must have file_id or file_data'],
    [
      [{ role: 'user', content: [{ type: 'file', file_id: 'a', file_data: 'b' }] }],
      'messages[0].content[0]: file cannot have both file_id and file_data',
    ],
  ];
  for (const [messages, message] of cases) {
    test(`${JSON.stringify(messages).slice(0, 90)} are refused: ${message}`, () =>
      assert.equal(
        messageOf(() => readMessages(...messages)),
        message,
      ));
  }

  test('the reserved image mark is refused in any text', () => {
    const reserved =
      'The sub-string "<｜image｜>" in your input is not allowed for this API. Please remove it and try again.';
    const mark = 'see <｜image｜>';
    for (const messages of [
      [{ role: 'user', content: mark }],
      [{ role: 'system', content: [{ type: 'text', text: mark }] }],
      [{ role: 'assistant', content: '', reasoning_content: mark }],
      [{ ...calls('a'), tool_calls: [{ ...call('a'), function: { name: 'f', arguments: mark } }] }, result('a')],
    ]) {
      assert.equal(
        messageOf(() => readMessages(...messages)),
        reserved,
      );
    }
    assert.equal(
      messageOf(() => readFields({ tools: [{ type: 'function', function: { name: 'f', description: mark } }] })),
      reserved,
    );
  });

  test('json_object needs the word in a system or user message, in any case', () => {
    const response_format = { type: 'json_object' };
    const needed = "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.";
    assert.equal(
      messageOf(() => readFields({ response_format })),
      needed,
    );
    assert.equal(
      messageOf(() => readFields({ response_format, messages: [USER, { role: 'assistant', content: 'json' }] })),
      needed,
    );
    readFields({ response_format, messages: [{ role: 'system', content: 'Answer in JSON.' }, USER] });
    readFields({ response_format, messages: [{ role: 'user', content: [{ type: 'text', text: 'as Json' }] }] });
    readFields({ response_format: { type: 'json_schema' } });
  });

  test('the text of parts is joined by an empty line', () => {
    assert.equal(
      textOf([
        { type: 'text', text: 'a' },
        { type: 'file', file_id: 'x' },
        { type: 'text', text: 'b' },
      ]),
      'a\n\nb',
    );
    assert.equal(textOf('plain'), 'plain');
    assert.equal(textOf(null), '');
  });
});

describe('tool messages', () => {
  const insufficient =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. (insufficient tool messages following tool_calls message)";
  const stray = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
  const cases: [string, object[], string][] = [
    ['that answer no call', [USER, result('a')], stray],
    ['after an assistant message without calls', [{ role: 'assistant', content: 'x' }, result('a')], stray],
    ['after something between', [calls('a'), result('a'), USER, result('a')], stray],
    ['that are missing at the end', [USER, calls('a')], insufficient],
    ['of which one is missing', [calls('a', 'b'), result('a'), USER], insufficient],
    ['that are missing before the next calls', [calls('a'), calls('b'), result('b')], insufficient],
    ['with an unknown id', [calls('a'), result('x')], "Invalid 'messages[1]'. Unexpected tool_call_id: x"],
    [
      'that answer twice',
      [USER, calls('a', 'b'), result('a'), result('a')],
      "Duplicate value for 'tool_call_id' of a in message[3]",
    ],
    [
      'for calls that share an id',
      [USER, calls('a', 'a'), result('a')],
      "Duplicate value for 'tool_call_id' of a in message[1]",
    ],
  ];
  for (const [name, messages, message] of cases) {
    test(`${name} are refused`, () =>
      assert.equal(
        messageOf(() => readMessages(...messages)),
        message,
      ));
  }

  test('may come in any order, and ids may be used again in a later turn', () => {
    readMessages(
      USER,
      calls('a', 'b'),
      result('b'),
      result('a'),
      { role: 'assistant', content: 'x' },
      USER,
      calls('a'),
      result('a'),
    );
  });

  test('of ten thousand messages are checked in one pass', () => {
    const turns = Array.from({ length: 2500 }, (_, index) => [
      calls(`a${index}`, `b${index}`),
      result(`a${index}`),
      result(`b${index}`),
      USER,
    ]);
    assert.equal(readMessages(...turns.flat()).messages.length, 10_000);
  });
});
