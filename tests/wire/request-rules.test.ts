/** Values and conversations that have the right shape and are not allowed are refused in the API's words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf } from '@plumb/wire';
import { messageOf, readFields, readMessages, refusalOf } from './support.js';

const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
const calls = (...ids: string[]) => ({ role: 'assistant', content: null, tool_calls: ids.map(call) });
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' });
const tool = (definition: object) => ({ type: 'function', function: definition });
const USER = { role: 'user', content: 'Hi' };

describe('values outside their range', () => {
  const cases: [object, string][] = [
    [{ n: 2 }, 'Invalid n value (currently only n = 1 is supported)'],
    [{ n: 0 }, 'Invalid n value (currently only n = 1 is supported)'],
    [{ frequency_penalty: 2.1 }, 'frequency_penalty must be in [-2, 2]'],
    [{ presence_penalty: -3 }, 'presence_penalty must be in [-2, 2]'],
    [{ max_tokens: 0 }, 'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]'],
    [{ max_tokens: -5 }, 'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]'],
    [{ max_tokens: 393_217 }, 'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]'],
    [
      { max_completion_tokens: 0 },
      'Invalid max_completion_tokens value, the valid range of max_completion_tokens is [1, 393216]',
    ],
    [{ temperature: 2.01 }, 'Invalid temperature value, the valid range of temperature is [0, 2]'],
    [{ temperature: -0.1 }, 'Invalid temperature value, the valid range of temperature is [0, 2]'],
    [{ top_p: 0 }, 'Invalid top_p value, the valid range of top_p is (0, 1.0]'],
    [{ top_p: 1.1 }, 'Invalid top_p value, the valid range of top_p is (0, 1.0]'],
    [{ top_logprobs: 21, logprobs: true }, 'Invalid top_logprobs value, the valid range of top_logprobs is [0, 20]'],
    [{ top_logprobs: -1, logprobs: true }, 'Invalid top_logprobs value, the valid range of top_logprobs is [0, 20]'],
    [{ top_logprobs: 5 }, 'top_logprobs should be set along with logprobs = true'],
    [{ top_logprobs: 0, logprobs: false }, 'top_logprobs should be set along with logprobs = true'],
    [{ stop: Array(17).fill('x') }, 'ChatCompletionStopSequences string array too long: 17'],
    [{ seed: -1 }, 'Invalid seed value, the valid range of seed is [0, 9223372036854775807]'],
    [{ seed: 2 ** 63 }, 'Invalid seed value, the valid range of seed is [0, 9223372036854775807]'],
    [
      { user_id: 'x'.repeat(513) },
      "Invalid 'user_id': string too long. Expected a string with maximum length 512, but got a string with length 513 instead",
    ],
    [{ stream_options: { include_usage: true } }, 'stream_options should be set along with stream = true'],
    [{ stream_options: {}, stream: false }, 'stream_options should be set along with stream = true'],
  ];
  for (const [fields, message] of cases) {
    test(`${JSON.stringify(fields).slice(0, 60)} is refused: ${message}`, () => {
      const error = refusalOf(() => readFields(fields));
      assert.equal(error.message, message);
      assert.equal(error.status, 400);
      assert.equal(error.code, 'invalid_request_error');
    });
  }

  test('the length of a user_id is counted in characters, not in halves of them', () => {
    assert.doesNotThrow(() => readFields({ user_id: '😀'.repeat(512) }));
    assert.match(
      messageOf(() => readFields({ user_id: '😀'.repeat(513) })),
      /with length 513 instead$/,
    );
  });

  test('of several the one that the API checks first is told', () => {
    const wrong = {
      tools: [tool({ name: '' })],
      stop: Array(17).fill('x'),
      top_p: 2,
      temperature: 3,
      max_tokens: 0,
      n: 2,
      presence_penalty: 3,
    };
    const order = ['n', 'presence_penalty', 'max_tokens', 'temperature', 'top_p', 'stop', 'tools'] as const;
    const remaining: Record<string, unknown> = { ...wrong, messages: [] };
    const told = order.map((field) => {
      const message = messageOf(() => readFields(remaining));
      delete remaining[field];
      return (
        message.toLowerCase().includes(field.slice(0, 4)) || (field === 'n' && message.includes('Invalid n value'))
      );
    });
    assert.deepEqual(
      told,
      order.map(() => true),
    );
    assert.equal(
      messageOf(() => readFields(remaining)),
      'Empty input messages',
    );
  });
});

describe('the two names of the token limit', () => {
  test('the smaller one counts, whichever it is', () => {
    assert.equal(readFields({ max_tokens: 10, max_completion_tokens: 20 }).max_tokens, 10);
    assert.equal(readFields({ max_tokens: 20, max_completion_tokens: 10 }).max_tokens, 10);
  });

  test('the newer one alone becomes the older one', () => {
    const request = readFields({ max_completion_tokens: 7 });
    assert.equal(request.max_tokens, 7);
    assert.ok(!('max_completion_tokens' in request));
    assert.equal(readFields({ max_completion_tokens: 7, max_tokens: null }).max_tokens, 7);
    assert.equal(readFields({ max_completion_tokens: null, max_tokens: 3 }).max_tokens, 3);
  });
});

describe('tools', () => {
  const cases: [object, string][] = [
    [
      { tools: [tool({ name: '' })] },
      'tools.0.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
    ],
    [
      { tools: [tool({ name: 'f' }), tool({ name: 'ä' })] },
      'tools.1.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
    ],
    [
      { tools: [tool({ name: 'x'.repeat(129) })] },
      'tools.0.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
    ],
    [
      { tools: [tool({ name: 'f\n' })] },
      'tools.0.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
    ],
    [{ tools: [tool({ name: 'f' }), tool({ name: 'f' })] }, 'Tool names must be unique'],
    [
      { tools: [tool({ name: 'f', parameters: { type: 'string' } })] },
      'tools.0.function.parameters must be a JSON Schema of type object',
    ],
    [
      { tools: [tool({ name: 'f', parameters: [] })] },
      'tools.0.function.parameters must be a JSON Schema of type object',
    ],
    [
      { tools: [tool({ name: 'f', parameters: 'object' })] },
      'tools.0.function.parameters must be a JSON Schema of type object',
    ],
    [
      { tools: [tool({ name: 'f' })], tool_choice: { type: 'function', function: { name: 'g' } } },
      "tool_choice: no tool named 'g' was specified",
    ],
    [{ tool_choice: { type: 'function', function: { name: 'g' } } }, "tool_choice: no tool named 'g' was specified"],
    [
      { tools: Array.from({ length: 1025 }, (_, index) => tool({ name: `f${index}` })) },
      "Invalid 'tools': array too long. Expected an array with maximum length 1024, but got an array with length 1025 instead",
    ],
  ];
  for (const [fields, message] of cases) {
    test(`${JSON.stringify(fields).slice(0, 70)} is refused: ${message}`, () =>
      assert.equal(
        messageOf(() => readFields(fields)),
        message,
      ));
  }

  test('may have any schema of an object, or none', () => {
    const schemas = [undefined, null, {}, { type: 'object' }, { type: ['object', 'null'] }, { $ref: '#/$defs/a' }];
    readFields({
      tools: schemas.map((parameters, index) => tool({ name: `f-${index}_A`, parameters })),
      tool_choice: 'required',
    });
    readFields({ tools: [], tool_choice: 'none' });
  });
});

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
      messageOf(() => readFields({ tools: [tool({ name: 'f', description: mark })] })),
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
