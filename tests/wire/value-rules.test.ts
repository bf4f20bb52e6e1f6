/** Values that have the right shape and are not allowed are refused in the API's words. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { messageOf, readFields, refusalOf } from './support.js';

const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'done' });
const tool = (definition: object) => ({ type: 'function', function: definition });

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
    const wrong: [string, unknown, string][] = [
      ['n', 2, 'Invalid n value'],
      ['presence_penalty', 3, 'presence_penalty must'],
      ['max_tokens', 0, 'Invalid max_tokens value'],
      ['temperature', 3, 'Invalid temperature value'],
      ['top_p', 2, 'Invalid top_p value'],
      ['stop', Array(17).fill('x'), 'ChatCompletionStopSequences'],
      ['tools', [tool({ name: '' })], 'tools.0.function.name'],
      ['tool_choice', { type: 'function', function: { name: 'f' } }, 'tool_choice: no tool'],
      ['messages', [], 'Empty input messages'],
      ['messages', [{ role: 'assistant' }, result('a')], 'Invalid assistant message'],
      ['messages', [result('a'), { role: 'system', content: [{ type: 'file' }] }], 'Messages with role'],
      ['messages', [{ role: 'system', content: [{ type: 'file' }] }], 'Image in system message'],
      ['response_format', { type: 'json_object' }, 'Prompt must contain'],
    ];
    for (const [index, [, , message]] of wrong.entries()) {
      // The last given wins, so that of several wrong messages the one to be told is set last.
      const fields = Object.fromEntries(wrong.slice(index).reverse());
      assert.ok(messageOf(() => readFields(fields)).startsWith(message), message);
    }
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
