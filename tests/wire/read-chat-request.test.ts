/** A body of the wrong shape is refused in serde's words, at the place of the value that is wrong. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { readChatRequest } from '@plumb/wire';
import { bytesOf, messageOf, readBody, readFields, readMessages, refusalOf } from './support.js';

const PREFIX = 'Failed to deserialize the JSON body into the target type';

describe('the texts of the contract', () => {
  const cases: [string, string][] = [
    ['{}', 'missing field `messages` at line 1 column 2'],
    [
      '{"model":"deepseek-v4-flash","messages":{"role":"user","content":"Hi"}}',
      'messages: invalid type: map, expected a sequence at line 1 column 40',
    ],
    [
      '{"model":"deepseek-v4-flash","messages":[{"role":"developer","content":"Hi"}]}',
      'messages[0].role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder` at line 1 column 60',
    ],
  ];
  for (const [body, fault] of cases) {
    test(`${body} is refused with 400: ${fault}`, () => {
      const error = refusalOf(() => readBody(body));
      assert.equal(error.status, 400);
      assert.equal(error.message, `${PREFIX}: ${fault}`);
    });
  }

  test('a bare boolean for thinking is refused with 422', () => {
    const error = refusalOf(() => readBody('{"messages":[],"model":"m","thinking":true}'));
    assert.equal(error.status, 422);
    assert.equal(
      error.message,
      `${PREFIX}: thinking: invalid type: boolean \`true\`, expected struct ThinkingOptions at line 1 column 42`,
    );
  });

  test('unknown words are answered with the known ones', () => {
    const tools = [{ type: 'namespace', function: { name: 'f' } }];
    assert.match(
      messageOf(() => readFields({ tools })),
      /tools\[0\]\.type: unknown variant `namespace`, expected `function` at/,
    );
    const image = { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'ultra' } };
    assert.match(
      messageOf(() => readMessages({ role: 'user', content: [image] })),
      /detail: unknown variant `ultra`, expected one of `low`, `high`, `original`, `auto` at/,
    );
    assert.match(
      messageOf(() => readFields({ reasoning_effort: 'huge' })),
      /reasoning_effort: unknown variant `huge`, expected one of `high`, `low`, `medium`, `max`, `xhigh`, `none`, `minimal`, `ultra` at/,
    );
  });
});

describe('what was found and what was expected', () => {
  /** The value under test stands at the end of a body, after 60 bytes. */
  const before = '{"model":"m","messages":[{"role":"user","content":"Hello"}],';
  const cases: [string, string][] = [
    ['"max_tokens":1.5', 'max_tokens: invalid type: floating point `1.5`, expected u32 at line 1 column 76'],
    ['"max_tokens":"5"', 'max_tokens: invalid type: string "5", expected u32 at line 1 column 76'],
    ['"max_tokens":1e30,"n":1.5', 'n: invalid type: floating point `1.5`, expected u32 at line 1 column 85'],
    ['"seed":0.5', 'seed: invalid type: floating point `0.5`, expected i64 at line 1 column 70'],
    ['"seed":1e-7', 'seed: invalid type: floating point `1e-7`, expected i64 at line 1 column 71'],
    ['"temperature":[1]', 'temperature: invalid type: sequence, expected f32 at line 1 column 74'],
    ['"temperature":true', 'temperature: invalid type: boolean `true`, expected f32 at line 1 column 78'],
    ['"stream":1', 'stream: invalid type: integer `1`, expected a boolean at line 1 column 70'],
    ['"stream":-12', 'stream: invalid type: integer `-12`, expected a boolean at line 1 column 72'],
    ['"stop":5', 'stop: invalid type: integer `5`, expected a string or a sequence at line 1 column 68'],
    ['"stop":["a", null]', 'stop[1]: invalid type: null, expected a string at line 1 column 77'],
    ['"thinking":{}', 'thinking: missing field `type` at line 1 column 73'],
    [
      '"thinking":{"type":"on"}',
      'thinking.type: unknown variant `on`, expected one of `enabled`, `disabled`, `adaptive` at line 1 column 83',
    ],
    [
      '"tool_choice":"any"',
      'tool_choice: unknown variant `any`, expected one of `none`, `auto`, `required` at line 1 column 79',
    ],
    ['"tool_choice":{"type":"function"}', 'tool_choice: missing field `function` at line 1 column 93'],
    ['"tools":[{"type":"function"}]', 'tools[0]: missing field `function` at line 1 column 88'],
    [
      '"response_format":"json"',
      'response_format: invalid type: string "json", expected struct ResponseFormat at line 1 column 84',
    ],
    ['"user_id":7', 'user_id: invalid type: integer `7`, expected a string at line 1 column 71'],
    ['"user_id":{ }', 'user_id: invalid type: map, expected a string at line 1 column 70'],
    ['"n":1,"n":"two","n": "three"', 'n: invalid type: string "three", expected u32 at line 1 column 88'],
    [
      '"stream":"\\u0007\\"\\n\\u0000"',
      'stream: invalid type: string "\\u{7}\\"\\n\\0", expected a boolean at line 1 column 87',
    ],
    ['"\\u006e":null,"\\u006e":[]', 'n: invalid type: sequence, expected u32 at line 1 column 83'],
    ['\n\r\n "logprobs"\n:\n\n  {"a":["}"]}', 'logprobs: invalid type: map, expected a boolean at line 6 column 2'],
  ];
  assert.equal(before.length, 60);
  for (const [fields, fault] of cases) {
    test(`${JSON.stringify(fields)} is refused: ${fault}`, () =>
      assert.equal(
        messageOf(() => readBody(`${before}${fields}}`)),
        `${PREFIX}: ${fault}`,
      ));
  }

  const messages: [string, string][] = [
    ['5', '[0]: invalid type: integer `5`, expected a map with the field `role` at line 1 column 26'],
    ['{"content":"x"}', '[0]: missing field `role` at line 1 column 40'],
    [
      '{"role":null}',
      '[0].role: invalid type: null, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder` at line 1 column 37',
    ],
    ['{"role":"user"}', '[0]: missing field `content` at line 1 column 40'],
    [
      '{"role":"user","content":null}',
      '[0].content: invalid type: null, expected a string or a sequence at line 1 column 54',
    ],
    ['{"role":"tool","content":""}', '[0]: missing field `tool_call_id` at line 1 column 53'],
    [
      '{"role":"user","content":[{"type":"audio"}]}',
      '[0].content[0].type: unknown variant `audio`, expected one of `text`, `image_url`, `file` at line 1 column 66',
    ],
    [
      '{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}',
      '[0].tool_calls[0]: missing field `id` at line 1 column 119',
    ],
  ];
  for (const [message, fault] of messages) {
    test(`the message ${message} is refused: messages${fault}`, () =>
      assert.equal(
        messageOf(() => readBody(`{"model":"m","messages":[${message}]}`)),
        `${PREFIX}: messages${fault}`,
      ));
  }

  test('a body that is no object is refused', () => {
    assert.equal(
      messageOf(() => readBody(' []')),
      `${PREFIX}: invalid type: sequence, expected struct ChatRequest at line 1 column 1`,
    );
    assert.equal(
      messageOf(() => readBody('null')),
      `${PREFIX}: invalid type: null, expected struct ChatRequest at line 1 column 4`,
    );
  });

  test('of several errors the first in the body is told', () => {
    assert.match(
      messageOf(() => readBody('{"stream":1,"model":2}')),
      /: stream: /,
    );
    assert.match(
      messageOf(() => readBody('{"model":2,"stream":1}')),
      /: model: /,
    );
  });

  test('long values make no long message', () => {
    assert.ok(messageOf(() => readFields({ stream: 'x'.repeat(100_000) })).length < 400);
    assert.ok(messageOf(() => readFields({ reasoning_effort: '😀'.repeat(100_000) })).isWellFormed());
  });
});

describe('what is accepted', () => {
  test('null wherever the API or its clients send it', () => {
    const request = readFields({
      thinking: null,
      reasoning_effort: null,
      max_tokens: null,
      response_format: null,
      stop: null,
      stream: null,
      stream_options: null,
      temperature: null,
      top_p: null,
      tools: null,
      tool_choice: null,
      logprobs: null,
      top_logprobs: null,
      user_id: null,
      user: null,
      frequency_penalty: null,
      presence_penalty: null,
      n: null,
      seed: null,
    });
    assert.equal(request.max_tokens, null);
  });

  test('every value that the contract names', () => {
    readFields({
      thinking: { type: 'adaptive', budget_tokens: 5 },
      reasoning_effort: 'ultra',
      max_tokens: 393_216,
      stop: Array(16).fill('x'),
      stream: true,
      stream_options: { include_usage: true },
      temperature: 2,
      top_p: 0.01,
      logprobs: true,
      top_logprobs: 20,
      user_id: 'a user',
      frequency_penalty: -2,
      presence_penalty: 2,
      n: 1,
      seed: 2 ** 62,
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
      tools: [
        { type: 'function', function: { name: 'f', strict: true, parameters: { type: 'object', properties: {} } } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
    });
  });

  test('all kinds of message, with content as text and as parts', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
    readMessages(
      { role: 'system', content: [{ type: 'text', text: 'Be brief.' }], name: 'boss' },
      { role: 'user', content: '' },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: '1' }] },
      { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '2' },
      { role: 'assistant', content: '', reasoning_content: null, tool_calls: null },
      { role: 'latest_reminder', content: 'now' },
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
          { type: 'file', file_id: 'file-1' },
        ],
      },
      { role: 'assistant', content: 'Once', prefix: true },
    );
  });

  test('unknown keys of any value, which are left as they are', () => {
    const extra = { store: true, metadata: { a: [1, { b: null }] }, parallel_tool_calls: 'yes', __proto__x: 1 };
    assert.deepEqual({ ...readFields(extra), model: '', messages: [] }, { ...extra, model: '', messages: [] });
    readBody(
      '{"model":"m","messages":[{"role":"user","content":"","__proto__":5}],"__proto__":{"n":2},"constructor":1}',
    );
  });

  test('the messages themselves, not copies of them', () => {
    const value = { model: 'm', max_tokens: 9, max_completion_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] };
    assert.equal(readChatRequest(value, bytesOf(JSON.stringify(value))).messages, value.messages);
  });

  test('the same where a page forbids code made from strings, as browsers can', () => {
    const script = `
      import { parseJsonBody, readChatRequest } from '@plumb/wire';
      for (const body of ['{"model":"m","messages":[{"role":"user","content":"Hi"}]}', '{"model":5}']) {
        const bytes = new TextEncoder().encode(body);
        try { console.log(readChatRequest(parseJsonBody(bytes), bytes).model); } catch (error) { console.log(error.message); }
      }`;
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script];
    const output = execFileSync(process.execPath, flags, { cwd: import.meta.dirname, encoding: 'utf8' });
    assert.equal(output, `m\n${PREFIX}: model: invalid type: integer \`5\`, expected a string at line 1 column 10\n`);
  });
});
