/**
 * The literal error texts of contract section 4.3 that this server can produce, each produced over HTTP. What is missing
 * from the table cannot be: moderation and the reading of images are not done here, `messages[7]: unknown variant
 * image_url` is of the time before images, and four texts of DeepSeek's own code have another wording in its API, which is
 * the one that is used (`max_tokens must be greater than zero` and the like).
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const USER = { role: 'user', content: 'Hi' };
const CALL = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
const CALLING = { role: 'assistant', content: '', tool_calls: [CALL], reasoning_content: '' };
const ANSWERED = { role: 'tool', content: 'x', tool_call_id: 'c' };
const image = (url: string, detail?: string) => [{ type: 'image_url', image_url: { url, ...(detail && { detail }) } }];

const tool = (name: string, parameters?: unknown) => ({ type: 'function', function: { name, parameters } });
const chat = (fields: object) => ({ model: 'deepseek-flash', messages: [USER], ...fields });
const said = (...messages: object[]) => chat({ messages });

interface Case {
  readonly body: unknown;
  readonly message: string;
  /** Default `/chat/completions`. */
  readonly path?: string;
  /** Default 400. */
  readonly status?: number;
}

const UNREADABLE = 'Failed to parse the request body as JSON: ';
const MISFORMED = 'Failed to deserialize the JSON body into the target type: ';
const TOO_LONG = `https://x.test/${'a'.repeat(8192)}`;

const CASES: readonly Case[] = [
  { body: '{"model":', message: `${UNREADABLE}model: EOF while parsing a value at line 1 column 9` },
  { body: '', message: `${UNREADABLE}EOF while parsing a value at line 1 column 0` },
  {
    body: '{"messages":[{"tool_calls":[{1:2}]}]}',
    message: `${UNREADABLE}messages[0].tool_calls[0].?: key must be a string at line 1 column 30`,
  },
  { body: '{}', message: `${MISFORMED}missing field \`messages\` at line 1 column 2` },
  {
    body: '{"model":"deepseek-v4-flash","messages":{"role":"user","content":"Hi"}}',
    message: `${MISFORMED}messages: invalid type: map, expected a sequence at line 1 column 40`,
  },
  {
    body: '{"model":"deepseek-v4-flash","messages":[{"role":"developer","content":"Hi"}]}',
    message:
      `${MISFORMED}messages[0].role: unknown variant \`developer\`, expected one of ` +
      '`system`, `user`, `assistant`, `tool`, `latest_reminder` at line 1 column 60',
  },
  {
    body: '{"model":"deepseek-flash","messages":[],"reasoning_effort":"huge"}',
    message:
      `${MISFORMED}reasoning_effort: unknown variant \`huge\`, expected one of ` +
      '`high`, `low`, `medium`, `max`, `xhigh`, `none`, `minimal`, `ultra` at line 1 column 65',
  },
  {
    body: JSON.stringify(said({ role: 'user', content: image('data:,', 'ultra') })),
    message:
      `${MISFORMED}messages[0].content[0].image_url.detail: unknown variant \`ultra\`, expected one of ` +
      '`low`, `high`, `original`, `auto` at line 1 column 128',
  },
  {
    body: '{"model":"deepseek-flash","messages":[],"tools":[{"type":"namespace"}]}',
    message: `${MISFORMED}tools[0].type: unknown variant \`namespace\`, expected \`function\` at line 1 column 68`,
  },
  {
    body: '{"model":"deepseek-flash","messages":[],"thinking":true}',
    message: `${MISFORMED}thinking: invalid type: boolean \`true\`, expected struct ThinkingOptions at line 1 column 55`,
    status: 422,
  },
  {
    body: chat({ model: 'X' }),
    message: 'The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed X.',
  },
  { body: chat({ max_tokens: 0 }), message: 'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]' },
  { body: chat({ temperature: 3 }), message: 'Invalid temperature value, the valid range of temperature is [0, 2]' },
  { body: chat({ top_p: 0 }), message: 'Invalid top_p value, the valid range of top_p is (0, 1.0]' },
  {
    body: chat({ logprobs: true, top_logprobs: 21 }),
    message: 'Invalid top_logprobs value, the valid range of top_logprobs is [0, 20]',
  },
  { body: chat({ n: 2 }), message: 'Invalid n value (currently only n = 1 is supported)' },
  {
    body: chat({ user_id: 'x'.repeat(513) }),
    message:
      "Invalid 'user_id': string too long. Expected a string with maximum length 512, " +
      'but got a string with length 513 instead',
  },
  { body: chat({ stream_options: {} }), message: 'stream_options should be set along with stream = true' },
  {
    body: chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } }),
    message: 'This response_format type is unavailable now',
  },
  {
    body: chat({ response_format: { type: 'json_object' } }),
    message: "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
  },
  {
    body: chat({ tools: [tool('f')], tool_choice: 'required' }),
    message: 'Thinking mode does not support this tool_choice',
  },
  {
    path: '/completions',
    body: { model: 'deepseek-flash', prompt: 'x' },
    message: 'completions api is only available when using beta api (set base_url="https://api.deepseek.com/beta")',
  },
  {
    body: chat({ max_tokens: 1020 }),
    message:
      "This model's maximum context length is 1024 tokens. However, you requested 1030 tokens (10 in the messages, " +
      '1020 in the completion). Please reduce the length of the messages or completion.',
  },
  {
    body: chat({ tools: [tool('f')], messages: [USER, { role: 'assistant', content: 'x' }, USER] }),
    message: 'The `reasoning_content` in the thinking mode must be passed back to the API.',
  },
  {
    body: said(USER, CALLING, USER),
    message:
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      '(insufficient tool messages following tool_calls message)',
  },
  {
    body: said(USER, ANSWERED),
    message: "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
  },
  {
    body: said({ role: 'assistant', content: null }),
    message: 'Invalid assistant message: content or tool_calls must be set',
  },
  { body: said(), message: 'Empty input messages' },
  {
    body: said({ role: 'assistant', content: '', tool_calls: [] }),
    message:
      "Invalid 'messages[0].tool_calls': empty array. Expected an array with minimum length 1, " +
      'but got an empty array instead.',
  },
  {
    body: said(CALLING, ANSWERED, ANSWERED),
    message: "Duplicate value for 'tool_call_id' of c in message[2]",
  },
  {
    body: said(CALLING, { ...ANSWERED, tool_call_id: 'd' }),
    message: "Invalid 'messages[1]'. Unexpected tool_call_id: d",
  },
  {
    body: chat({ stop: new Array(17).fill('x') }),
    message: 'ChatCompletionStopSequences string array too long: 17',
  },
  {
    body: chat({ tools: [tool('f g')] }),
    message: 'tools.0.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
  },
  { body: chat({ tools: [tool('f'), tool('f')] }), message: 'Tool names must be unique' },
  {
    body: chat({ tools: [tool('f', { type: 'string' })] }),
    message: 'tools.0.function.parameters must be a JSON Schema of type object',
  },
  {
    body: chat({ tools: [tool('f')], tool_choice: { type: 'function', function: { name: 'x' } } }),
    message: "tool_choice: no tool named 'x' was specified",
  },
  { body: chat({ frequency_penalty: 3 }), message: 'frequency_penalty must be in [-2, 2]' },
  { body: chat({ presence_penalty: -3 }), message: 'presence_penalty must be in [-2, 2]' },
  {
    body: said({ role: 'user', content: 'see <｜image｜>' }),
    message: 'The sub-string "<｜image｜>" in your input is not allowed for this API. Please remove it and try again.',
  },
  {
    body: said({ role: 'system', content: image('data:,') }, USER),
    message: 'Image in system message is unsupported',
  },
  {
    body: said(USER, { role: 'assistant', content: image('data:,') }),
    message: 'Image in assistant message is unsupported',
  },
  {
    body: said({ role: 'user', content: image('ftp://x.test/i.png') }),
    message: 'messages[0].content[0].image_url.url: Unsupported image_url format',
  },
  {
    body: said({ role: 'user', content: image(TOO_LONG) }),
    message:
      `external link length ${TOO_LONG.length} too long, max link length 8192. ` +
      'Consider passing file data directly with base64 data url instead.',
  },
];

let plumb: TestServer;
before(async () => {
  const models = ['deepseek-flash', 'deepseek-v4-pro'].map((id) => {
    return { id, aliases: [], pool: 'embedded', thinking: 'enabled', owned_by: 'deepseek' };
  });
  plumb = await startPlumb({
    engine: new AnsweringEngine({ prompt: 10, completion: 1 }),
    settings: { contract: 'strict', models },
  });
});
after(() => plumb.stop());

for (const { body, message, path = '/chat/completions', status = 400 } of CASES) {
  test(message.slice(0, 160), async () => {
    const response = await plumb.request(path, { method: 'POST', body });
    const { error } = JSON.parse(await response.text());
    assert.deepEqual(
      { status: response.status, ...error },
      { status, message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' },
    );
  });
}

test('Authentication Fails (governor)', async () => {
  const response = await fetch(`${plumb.url}/chat/completions`, { method: 'POST' });
  assert.equal(response.status, 401);
  assert.equal(JSON.parse(await response.text()).error.message, 'Authentication Fails (governor)');
});

test('Authentication Fails, Your api key: ****0000 is invalid', async () => {
  const headers = { authorization: 'Bearer sk-00000000000000000000000000000000' };
  const response = await plumb.request('/models', { headers });
  const { error } = JSON.parse(await response.text());
  assert.equal(response.status, 401);
  assert.deepEqual(error, {
    message: 'Authentication Fails, Your api key: ****0000 is invalid',
    type: 'authentication_error',
    param: null,
    code: 'invalid_request_error',
  });
});
