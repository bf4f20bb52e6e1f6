/** Bad input gets a clear 4xx in the envelope: never a 500, never a crash, never an answer without a sentence. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { rawRequest } from '../support/raw-http.js';

const HI = [{ role: 'user', content: 'Hi' }];
const MEBIBYTE = 1024 * 1024;

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb();
});
after(() => plumb.stop());

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly type: string;
}

/** Sends a body and reads the refusal, checking its envelope on the way. */
async function refusal(body: unknown, headers: Record<string, string> = {}): Promise<Refusal> {
  const response = await plumb.request('/v1/chat/completions', { method: 'POST', body, headers });
  const text = await response.text();
  const envelope = JSON.parse(text);
  assert.deepEqual(Object.keys(envelope), ['error'], text);
  assert.deepEqual(Object.keys(envelope.error), ['message', 'type', 'param', 'code'], text);
  assert.ok(envelope.error.message.length > 0);
  return { status: response.status, message: envelope.error.message, type: envelope.error.type };
}

/** A refusal of a request that is right but for these fields. */
function refusalOf(fields: object): Promise<Refusal> {
  return refusal({ model: 'deepseek-chat', messages: HI, ...fields });
}

describe('a body that is no request', () => {
  const cases: [string, unknown, number, RegExp][] = [
    [
      'an empty body',
      '',
      400,
      /^Failed to parse the request body as JSON: EOF while parsing a value at line 1 column 0$/,
    ],
    [
      'a cut body',
      '{"model":',
      400,
      /^Failed to parse the request body as JSON: model: EOF while parsing a value at line 1 column 9$/,
    ],
    ['text that is no JSON', 'hello', 400, /^Failed to parse the request body as JSON: /],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, /./],
    [
      'a lone surrogate',
      '{"model":"deepseek-chat","messages":[{"role":"user","content":"\\ud800"}]}',
      400,
      /hex escape/,
    ],
    ['a million brackets', '['.repeat(1_000_000), 400, /recursion limit exceeded/],
    ['an array', [], 400, /./],
    ['null', 'null', 400, /./],
    ['an empty object', {}, 400, /missing field `(?:messages|model)`/],
    ['no messages', { model: 'deepseek-chat' }, 400, /missing field `messages`/],
  ];
  for (const [name, body, status, message] of cases) {
    test(`such as ${name} is refused with ${status}`, async () => {
      const refused = await refusal(body);
      assert.equal(refused.status, status);
      assert.match(refused.message, message);
    });
  }

  test('in another content type is refused with 415', async () => {
    const refused = await refusal('{}', { 'content-type': 'text/plain' });
    assert.equal(refused.status, 415);
    assert.equal(refused.message, 'Expected request with `Content-Type: application/json`');
  });

  test('in a content encoding is refused with 415', async () => {
    assert.equal((await refusal('{}', { 'content-encoding': 'gzip' })).status, 415);
  });

  test('of 50 MB is refused with 413, announced or not, and the server goes on', async () => {
    assert.equal((await refusal('x'.repeat(50 * MEBIBYTE))).status, 413);
    const chunk = `${(MEBIBYTE).toString(16)}\r\n${'x'.repeat(MEBIBYTE)}\r\n`;
    const response = await rawRequest(plumb.url, {
      method: 'POST',
      path: '/v1/chat/completions',
      headers: {
        authorization: `Bearer ${plumb.key}`,
        'content-type': 'application/json',
        'transfer-encoding': 'chunked',
        'content-length': '',
      },
      body: `${chunk.repeat(50)}0\r\n\r\n`,
    }).catch((error) => ({ status: String(error), body: '' }));
    assert.notEqual(response.status, 500);
    assert.equal((await plumb.chat({ model: 'deepseek-chat', messages: HI })).status, 200);
  });
});

describe('a field with a wrong value', () => {
  const cases: [object, RegExp][] = [
    [
      { model: 'gpt-4o' },
      /^The supported API model names are deepseek-chat, deepseek-reasoner, but you passed gpt-4o\.$/,
    ],
    [{ model: 7 }, /model: invalid type: integer `7`, expected a string/],
    [{ messages: {} }, /messages: invalid type: map, expected a sequence/],
    [{ messages: [] }, /^Empty input messages$/],
    [
      { messages: [{ role: 'developer', content: 'x' }] },
      /messages\[0\]\.role: unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`, `latest_reminder`/,
    ],
    [{ messages: [{ role: 'user' }] }, /missing field `content`/],
    [{ temperature: 2.1 }, /^Invalid temperature value, the valid range of temperature is \[0, 2\]$/],
    [{ temperature: 'hot' }, /temperature: invalid type: string "hot"/],
    [{ top_p: 0 }, /^Invalid top_p value, the valid range of top_p is \(0, 1\.0\]$/],
    [{ max_tokens: 0 }, /^Invalid max_tokens value, the valid range of max_tokens is \[1, 393216\]$/],
    [{ max_tokens: 1.5 }, /max_tokens: /],
    [{ n: 2 }, /^Invalid n value \(currently only n = 1 is supported\)$/],
    [{ stop: Array.from({ length: 17 }, (_, index) => `s${index}`) }, /stop/i],
    [{ stream_options: { include_usage: true } }, /^stream_options should be set along with stream = true$/],
    [{ reasoning_effort: 'huge' }, /reasoning_effort: unknown variant `huge`/],
    [{ response_format: { type: 'xml' } }, /response_format.*unknown variant `xml`/],
    [
      { user_id: 'x'.repeat(513) },
      /^Invalid 'user_id': string too long\. Expected a string with maximum length 512, but got a string with length 513 instead$/,
    ],
    [
      { max_tokens: 5000 },
      /^This model's maximum context length is 1024 tokens\. However, you requested \d+ tokens \(\d+ in the messages, 5000 in the completion\)\. Please reduce the length of the messages or completion\.$/,
    ],
    [
      { messages: [{ role: 'user', content: 'word '.repeat(3000) }] },
      /^This model's maximum context length is 1024 tokens\./,
    ],
  ];
  for (const [fields, message] of cases) {
    test(`such as ${JSON.stringify(fields).slice(0, 70)} is refused by name`, async () => {
      const refused = await refusalOf(fields);
      assert.equal(refused.status, 400);
      assert.equal(refused.type, 'invalid_request_error');
      assert.match(refused.message, message);
    });
  }

  test('such as a bare boolean for thinking is refused with 422', async () => {
    const refused = await refusalOf({ thinking: true });
    assert.equal(refused.status, 422);
    assert.match(refused.message, /expected struct ThinkingOptions/);
  });

  test('is refused the same way in a stream, before the stream begins', async () => {
    const refused = await refusalOf({ stream: true, messages: [{ role: 'user', content: 'word '.repeat(3000) }] });
    assert.equal(refused.status, 400);
  });
});

describe('what is unusual but allowed', () => {
  const allowed: [string, object][] = [
    ['unknown keys', { store: true, metadata: { a: 1 }, nonsense: [[[]]] }],
    ['nulls', { temperature: null, top_p: null, max_tokens: null, stop: null, tools: null, stream_options: null }],
    ['empty content', { messages: [{ role: 'user', content: '' }] }],
    ['content in parts', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] }],
    ['emoji and right-to-left text', { messages: [{ role: 'user', content: '🙂 مرحبا' }] }],
    ['text of control tokens', { messages: [{ role: 'user', content: '<|im_end|><|im_start|>system' }] }],
  ];
  for (const [name, fields] of allowed) {
    test(`such as ${name} is answered`, async () => {
      const response = await plumb.chat({ model: 'deepseek-chat', messages: HI, ...fields });
      assert.equal(response.status, 200, await response.clone().text());
    });
  }

  test('such as ten thousand messages is answered or refused for its length, and soon', async () => {
    const messages = Array.from({ length: 10_000 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: 'x',
    }));
    const refused = await refusalOf({ messages });
    assert.equal(refused.status, 400);
    assert.match(refused.message, /maximum context length/);
  });
});

describe('a request without a right key', () => {
  const call = (headers: Record<string, string>, path = '/v1/chat/completions') =>
    rawRequest(plumb.url, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });

  for (const [name, headers] of [
    ['no header', {}],
    ['another scheme', { authorization: 'Basic abc' }],
    ['an empty key', { authorization: 'Bearer ' }],
  ] as const) {
    test(`with ${name} is 401 and says so`, async () => {
      const response = await call(headers);
      assert.equal(response.status, 401);
      assert.equal(JSON.parse(response.body).error.message, 'Authentication Fails (governor)');
    });
  }

  test('with a wrong key is 401 and shows its last four characters alone', async () => {
    const response = await call({ authorization: 'Bearer sk-0000000000000000000000000000abcd' });
    assert.equal(
      response.body,
      '{"error":{"message":"Authentication Fails, Your api key: ****abcd is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}',
    );
  });

  test('is 401 before anything else is looked at, unknown paths included', async () => {
    assert.equal((await call({}, '/no/such/path')).status, 401);
  });

  test('may still ask for the health of the server', async () => {
    assert.equal((await rawRequest(plumb.url, { path: '/healthz' })).status, 200);
    assert.equal((await rawRequest(plumb.url, { path: '/readyz' })).status, 200);
  });
});

describe('a path or method that is not there', () => {
  test('is 404 for the path', async () => {
    assert.equal((await plumb.request('/v1/nothing')).status, 404);
  });

  test('is 405 for the method, and says which ones there are', async () => {
    const response = await plumb.request('/v1/chat/completions');
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
  });
});
