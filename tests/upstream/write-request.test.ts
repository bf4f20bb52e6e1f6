/** What an engine is asked, for each kind. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChatRequest } from '@plumb/wire';
import { Endpoint } from '#server/engines/upstream/endpoint.js';
import { UPSTREAM_KINDS, type UpstreamKindName } from '#server/engines/upstream/kinds/index.js';
import { writeRequest } from '#server/engines/upstream/write-request.js';
import { createJob, type JobParts, TOOLS } from './support/jobs.js';

function write(kind: UpstreamKindName, parts: JobParts = {}) {
  return JSON.parse(
    writeRequest(createJob(parts), {
      kind: UPSTREAM_KINDS[kind],
      model: 'their-name',
      scope: () => 'scope-hash',
      isWhole: false,
    }).toString(),
  );
}

const KINDS = Object.keys(UPSTREAM_KINDS) as UpstreamKindName[];

describe('every kind', () => {
  for (const kind of KINDS) {
    test(`${kind} is asked for a stream with usage, by its own name of the model`, () => {
      const body = write(kind, { request: { stream: false, user: 'u', user_id: 'someone', n: 1 } });
      assert.equal(body.model, 'their-name');
      assert.equal(body.stream, true);
      assert.deepEqual(body.stream_options, { include_usage: true });
      assert.equal(body.user, undefined);
      assert.equal(body.n, undefined);
      assert.doesNotMatch(JSON.stringify(body), /someone/);
    });

    test(`${kind} gets what the client set, and no nulls`, () => {
      const request: Partial<ChatRequest> = {
        max_tokens: 10,
        temperature: 0.5,
        top_p: null,
        stop: ['x'],
        tools: TOOLS,
        tool_choice: 'auto',
        response_format: { type: 'json_object' },
        logprobs: true,
        top_logprobs: 2,
        seed: 7,
        frequency_penalty: null,
      };
      const body = write(kind, { request });
      const { top_p, frequency_penalty, ...set } = request;
      for (const [key, value] of Object.entries(set)) assert.deepEqual(body[key], value, key);
      assert.ok(!('top_p' in body) && !('frequency_penalty' in body));
    });
  }
});

describe('thinking', () => {
  const asked = { thinking: true, request: { reasoning_effort: 'ultra' } } as const;

  test('is a switch of the chat template for vLLM, SGLang and llama-server', () => {
    for (const kind of ['vllm', 'sglang', 'llama-server'] as const) {
      const on = { thinking: true, enable_thinking: true, reasoning_effort: 'max' };
      assert.deepEqual(write(kind, asked).chat_template_kwargs, on);
      assert.deepEqual(write(kind).chat_template_kwargs, { thinking: false, enable_thinking: false });
      assert.equal(write(kind, asked).reasoning_effort, undefined);
    }
    assert.equal(write('sglang').separate_reasoning, true);
    assert.equal(write('llama-server').reasoning_format, 'deepseek');
  });

  test('is said as the contract says it to DeepSeek and another Plumb', () => {
    for (const kind of ['deepseek', 'plumb'] as const) {
      assert.deepEqual(write(kind, asked).thinking, { type: 'enabled' });
      assert.equal(write(kind, asked).reasoning_effort, 'ultra');
      assert.deepEqual(write(kind).thinking, { type: 'disabled' });
    }
  });

  test('is left to other servers unless the client said how much', () => {
    assert.equal(write('openai', { thinking: true }).reasoning_effort, undefined);
    assert.equal(write('openai', asked).reasoning_effort, 'high');
  });
});

describe('the cache scope', () => {
  test('is a salt for vLLM, a user for DeepSeek and Plumb, and nothing for others', () => {
    assert.equal(write('vllm').cache_salt, 'scope-hash');
    for (const kind of ['deepseek', 'plumb'] as const) assert.equal(write(kind).user_id, 'scope-hash');
    for (const kind of ['openai', 'sglang', 'llama-server'] as const) {
      assert.doesNotMatch(JSON.stringify(write(kind)), /scope-hash/);
    }
  });

  test('is hidden: the same for the same key, another one for another account or key', () => {
    const [one, other] = [new Endpoint('http://a/v1', 'key'), new Endpoint('http://b/v1', 'other-key')];
    assert.match(one.hideScope('account/user'), /^[\w-]{43}$/);
    assert.equal(one.hideScope('account/user'), new Endpoint('http://b/v1', 'key').hideScope('account/user'));
    assert.notEqual(one.hideScope('account/user'), one.hideScope('account/other'));
    assert.notEqual(one.hideScope('account/user'), other.hideScope('account/user'));
  });
});

describe('messages', () => {
  const messages: ChatRequest['messages'] = [
    { role: 'latest_reminder', content: 'now' },
    { role: 'user', content: [{ type: 'text', text: 'hi' }] },
    {
      role: 'assistant',
      content: '',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', content: 'r', tool_call_id: 'c' },
    { role: 'assistant', content: 'Once', prefix: true },
  ];

  test('go to DeepSeek as they are', () => {
    assert.deepEqual(write('deepseek', { request: { messages } }).messages, messages);
  });

  test('go to others without what only DeepSeek knows', () => {
    const { messages: sent } = write('openai', { request: { messages } });
    assert.deepEqual(sent[0], { role: 'system', content: 'now' });
    assert.equal(sent[2].reasoning_content, undefined);
    assert.deepEqual(
      sent[2].tool_calls,
      messages[2] && 'tool_calls' in messages[2] ? messages[2].tool_calls : undefined,
    );
    assert.deepEqual(sent[4], { role: 'assistant', content: 'Once' });
    assert.equal(write('vllm', { request: { messages } }).messages[2].reasoning_content, 'hm');
  });

  test('whose last one begins the answer ask vLLM and SGLang to go on with it', () => {
    const vllm = write('vllm', { request: { messages } });
    assert.deepEqual([vllm.continue_final_message, vllm.add_generation_prompt], [true, false]);
    assert.equal(write('sglang', { request: { messages } }).continue_final_message, true);
    assert.equal(write('vllm').continue_final_message, undefined);
  });
});

describe('a long prompt', () => {
  const long = 'x"\\\\ 你好 \u{1f44b} '.repeat(2000);
  const spell = (messages: unknown) =>
    Buffer.from(`{ "model":"m", "messages_":[1], "messages" : ${JSON.stringify(messages, undefined, 1)} , "n":1}`);
  const asked = { kind: UPSTREAM_KINDS.openai, model: 'their-name', scope: () => 's', isWhole: true };

  test('goes to the engine in the bytes in which it came', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: long },
      { role: 'assistant', content: 'No.' },
      { role: 'user', content: 'Why?' },
    ] as ChatRequest['messages'];
    const body = spell(messages);
    const written = writeRequest({ ...createJob({ request: { messages, max_tokens: 7 } }), body }, asked);
    assert.ok(Buffer.isBuffer(written) && written.includes(JSON.stringify(messages, undefined, 1)));
    assert.deepEqual(JSON.parse(written.toString()), { messages, model: 'their-name', max_tokens: 7, stream: false });
  });

  test('is written anew where the engine does not know all that it has', () => {
    const messages = [
      { role: 'user', content: long },
      { role: 'assistant', content: 'No', prefix: true },
    ] as ChatRequest['messages'];
    const job = { ...createJob({ request: { messages } }), body: spell(messages) };
    assert.equal(JSON.parse(writeRequest(job, asked).toString()).messages[1].prefix, undefined);
    const known = writeRequest(job, { ...asked, kind: UPSTREAM_KINDS.deepseek });
    assert.equal(JSON.parse(known.toString()).messages[1].prefix, true);
  });
});
