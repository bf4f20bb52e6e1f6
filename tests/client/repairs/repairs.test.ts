/** What only the layer below an SDK can repair, each with its switch. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createKit, type KitEvent, type RepairOptions } from '#client/index.js';
import { findParameterRepair } from '#client/repairs/parameters.js';
import { ReasoningMemory } from '#client/repairs/reasoning-memory.js';
import { jsonOf, ScriptedUpstream, streamOf } from '../../support/scripted-upstream.js';

let upstream: ScriptedUpstream;
let events: KitEvent[];
beforeEach(async () => {
  upstream = await ScriptedUpstream.start();
  events = [];
});
afterEach(() => upstream.close());

const answerOf = (message: object, finish = 'stop') =>
  jsonOf({
    id: 'chatcmpl-1',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }],
  });
const refusal = (message: string, status = 400) =>
  jsonOf({ error: { message, type: 'invalid_request_error', code: null } }, status);
const CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const FORMAT = { type: 'json_schema', json_schema: { name: 'report', schema: SCHEMA, strict: true } };

function kitFor(repairs: RepairOptions = {}) {
  return createKit({ baseURL: upstream.url, repairs, onEvent: (event) => events.push(event) });
}

async function ask(kit: ReturnType<typeof kitFor>, body: object): Promise<Response> {
  const request = { model: 'deepseek-reasoner', messages: [{ role: 'user', content: 'Hi' }], ...body };
  return kit.fetch(`${kit.baseUrl}/chat/completions`, { method: 'POST', body: JSON.stringify(request) });
}

const sent = (number: number) => upstream.requests[number]?.json;

describe('reasoning_content', () => {
  const turnWithout = { role: 'assistant', content: '', tool_calls: [CALL] };
  const history = [
    { role: 'user', content: 'Hi' },
    turnWithout,
    { role: 'tool', tool_call_id: 'call_1', content: '7' },
  ];

  test('is put back into the turn whose calls it led to', async () => {
    upstream.answerChat((_, number) =>
      number === 0
        ? answerOf({ content: '', reasoning_content: 'I must look.', tool_calls: [CALL] }, 'tool_calls')
        : answerOf({ content: 'Seven' }),
    );
    const kit = kitFor();
    await ask(kit, {});
    await ask(kit, { messages: history });
    assert.equal(sent(1).messages[1].reasoning_content, 'I must look.');
    assert.equal(sent(1).messages[0].reasoning_content, undefined);
  });

  test('is gathered from streams as well', async () => {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const call = { index: 0, ...CALL };
    upstream.answerChat((_, number) =>
      number === 0
        ? streamOf(
            chunk({ reasoning_content: 'I must ' }),
            chunk({ reasoning_content: 'look.' }),
            chunk({ tool_calls: [call] }),
            chunk({}, 'tool_calls'),
          )
        : answerOf({ content: 'Seven' }),
    );
    const kit = kitFor();
    await (await ask(kit, { stream: true })).text();
    await ask(kit, { messages: history });
    assert.equal(sent(1).messages[1].reasoning_content, 'I must look.');
  });

  test('is left alone when it is there, when nothing is known, and when it is switched off', async () => {
    upstream.answerChat(answerOf({ content: '', reasoning_content: 'I must look.', tool_calls: [CALL] }, 'tool_calls'));
    const kit = kitFor();
    await ask(kit, { messages: history });
    assert.equal(sent(0).messages[1].reasoning_content, undefined);
    await ask(kit, { messages: [history[0], { ...turnWithout, reasoning_content: 'mine' }, history[2]] });
    assert.equal(sent(1).messages[1].reasoning_content, 'mine');
    const off = kitFor({ reasoning: false });
    await ask(off, {});
    await ask(off, { messages: history });
    assert.equal(sent(3).messages[1].reasoning_content, undefined);
  });

  test('is forgotten, the oldest first, before it fills the memory', () => {
    const memory = new ReasoningMemory();
    for (let number = 0; number < 20; number++) memory.remember([`call_${number}`], 'x'.repeat(1_000_000));
    const turn = (id: string) => ({ role: 'assistant', tool_calls: [{ id }] });
    const messages = [turn('call_0'), turn('call_19')];
    assert.deepEqual(
      memory.putBack(messages).map((message) => 'reasoning_content' in (message as object)),
      [false, true],
    );
  });
});

describe('the role developer', () => {
  const messages = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
  ];

  test('is sent as system once the endpoint has refused it', async () => {
    upstream.answerChat(({ json }) =>
      json.messages[0].role === 'developer'
        ? refusal('unknown variant `developer`, expected one of `system`, `user`', 422)
        : answerOf({ content: 'Hi' }),
    );
    const kit = kitFor();
    assert.equal((await ask(kit, { messages })).status, 200);
    assert.equal((await ask(kit, { messages })).status, 200);
    assert.deepEqual(
      upstream.requests.map(({ json }) => json.messages[0].role),
      ['developer', 'system', 'system'],
    );
    assert.deepEqual(
      events.filter((event) => event.type === 'repaired').map((event) => event.what),
      ['the role developer is sent as system'],
    );
  });

  test('is sent as it is, or as system from the start, when that is what is said', async () => {
    upstream.answerChat(({ json }) =>
      json.messages[0].role === 'developer' ? refusal('unknown role developer') : answerOf({ content: 'Hi' }),
    );
    assert.equal((await ask(kitFor({ developerRole: false }), { messages })).status, 400);
    assert.equal((await ask(kitFor({ developerRole: true }), { messages })).status, 200);
    assert.equal(upstream.requests.length, 2);
  });
});

describe('json_schema', () => {
  const body = {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ],
    response_format: FORMAT,
  };

  test('is asked for as json_object, the schema told, where the endpoint knows no schemas', async () => {
    upstream.answerChat(({ json }) =>
      json.response_format.type === 'json_schema'
        ? refusal('This response_format type is unavailable now')
        : answerOf({ content: '{"city":"Bern"}' }),
    );
    const response = await ask(kitFor(), body);
    assert.equal(
      ((await response.json()) as { choices: [{ message: { content: string } }] }).choices[0].message.content,
      '{"city":"Bern"}',
    );
    assert.deepEqual(sent(1).response_format, { type: 'json_object' });
    assert.match(sent(1).messages[0].content, /^Be brief\.\n\n[\s\S]*JSON Schema[\s\S]*"city"/);
  });

  test('is asked for as the one strict tool, whose arguments come back as content, streamed and not', async () => {
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'report', arguments: '{"city":' } };
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    upstream.answerChat(({ json }) =>
      json.stream
        ? streamOf(
            chunk({ role: 'assistant', tool_calls: [call] }),
            chunk({ tool_calls: [{ index: 0, function: { arguments: '"Bern"}' } }] }),
            chunk({}, 'tool_calls'),
            'data: [DONE]\n\n',
          )
        : answerOf(
            { content: null, tool_calls: [{ ...call, function: { name: 'report', arguments: '{"city":"Bern"}' } }] },
            'tool_calls',
          ),
    );
    const kit = kitFor({ jsonSchema: 'strict_tool' });
    const buffered = (await (await ask(kit, body)).json()) as { choices: object[] };
    assert.deepEqual(buffered.choices[0], {
      index: 0,
      message: { role: 'assistant', content: '{"city":"Bern"}' },
      finish_reason: 'stop',
    });
    assert.equal(sent(0).response_format, undefined);
    assert.deepEqual(sent(0).tools[0].function, {
      name: 'report',
      description: 'Gives the answer.',
      parameters: SCHEMA,
      strict: true,
    });
    const text = await (await ask(kit, { ...body, stream: true })).text();
    const deltas = [...text.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, content]) => JSON.parse(content!));
    assert.equal(deltas.join(''), '{"city":"Bern"}');
    assert.match(text, /"finish_reason":"stop"/);
    assert.doesNotMatch(text, /tool_calls/);
  });

  test('that is wrong in itself is refused in the words of the endpoint', async () => {
    upstream.answerChat(refusal("Invalid schema for response_format 'report': required must be an array"));
    assert.equal((await ask(kitFor(), body)).status, 400);
    assert.equal(upstream.requests.length, 1);
  });
});

describe('parameters that an endpoint refuses', () => {
  test('are left out when they are dispensable, and remembered', async () => {
    upstream.answerChat(({ json }) => {
      for (const name of ['parallel_tool_calls', 'store', 'stream_options']) {
        if (name in json) return refusal(`Unrecognized request argument supplied: ${name}`);
      }
      return answerOf({ content: 'Hi' });
    });
    const kit = kitFor();
    assert.equal((await ask(kit, { parallel_tool_calls: true, store: false, temperature: 1 })).status, 200);
    assert.deepEqual(Object.keys(sent(2)), ['model', 'messages', 'temperature']);
    await ask(kit, { parallel_tool_calls: true });
    assert.equal(upstream.requests.length, 4);
  });

  test('are renamed where the same limit has another name, and not to and fro', async () => {
    upstream.answerChat(({ json }) =>
      'max_completion_tokens' in json || 'max_tokens' in json
        ? refusal(
            `Unsupported parameter: '${'max_tokens' in json ? 'max_tokens' : 'max_completion_tokens'}' is not supported with this model.`,
          )
        : answerOf({ content: 'Hi' }),
    );
    assert.equal((await ask(kitFor(), { max_completion_tokens: 5 })).status, 400);
    assert.deepEqual(
      upstream.requests.map(({ json }) => Object.keys(json).at(-1)),
      ['max_completion_tokens', 'max_tokens'],
    );
  });

  test('are kept when the answer depends on them, or when it is switched off', async () => {
    upstream.answerChat(({ json }) => refusal(`Unknown parameter: ${Object.keys(json).at(-1)}`));
    assert.equal((await ask(kitFor(), { tools: [] })).status, 400);
    assert.equal((await ask(kitFor({ parameters: false }), { store: true })).status, 400);
    assert.equal(upstream.requests.length, 2);
  });

  const texts: [string, object, object | undefined][] = [
    [
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { max_tokens: 1 },
      { name: 'max_tokens', sendAs: 'max_completion_tokens' },
    ],
    [
      "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
      { temperature: 0 },
      { name: 'temperature', sendAs: null },
    ],
    [
      'body.parallel_tool_calls: Extra inputs are not permitted',
      { parallel_tool_calls: true },
      { name: 'parallel_tool_calls', sendAs: null },
    ],
    [
      'Failed to deserialize the JSON body: unknown field `reasoning_effort`',
      { reasoning_effort: 'low' },
      { name: 'reasoning_effort', sendAs: null },
    ],
    ['Invalid temperature value, the valid range is [0, 2]', { temperature: 9 }, undefined],
    ['The model is not supported', { temperature: 1 }, undefined],
    ['tools is not supported', { tools: [] }, undefined],
  ];
  for (const [message, request, expected] of texts) {
    test(`are found in "${message.slice(0, 50)}"`, () => {
      assert.deepEqual(findParameterRepair({ message }, request), expected);
    });
  }
});
