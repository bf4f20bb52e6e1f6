/** The schemas accept what the contract shows and refuse what it does not, and can stand in an OpenAPI document. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as wire from '@plumb/wire';
import { Compile } from 'typebox/compile';

describe('the schemas accept what the contract shows', () => {
  test('the final frame of a captured stream', () => {
    const frame =
      '{"id":"c07fd9d0-0000-0000-0000-000000000000","object":"chat.completion.chunk","created":1785594120,"model":"deepseek-v4-flash","system_fingerprint":"fp_a18b46594c_prod0820_fp8_kvcache_20260402","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":31143,"completion_tokens":1200,"total_tokens":32343,"prompt_tokens_details":{"cached_tokens":29568},"completion_tokens_details":{"reasoning_tokens":1017},"prompt_cache_hit_tokens":29568,"prompt_cache_miss_tokens":1575}}';
    assert.ok(Compile(wire.ChatChunk).Check(JSON.parse(frame)));
  });

  test('the list of models, in its short and in its long form', () => {
    const list = Compile(wire.ModelList);
    const short =
      '{"object":"list","data":[{"id":"deepseek-v4-flash","object":"model","owned_by":"deepseek"},{"id":"deepseek-v4-pro","object":"model","owned_by":"deepseek"}]}';
    assert.ok(list.Check(JSON.parse(short)));
    const long = {
      id: 'deepseek-flash',
      object: 'model',
      owned_by: 'deepseek',
      name: 'DeepSeek-V4.1-Flash',
      context_window: 1_048_576,
      max_output_tokens: 393_216,
      input_modalities: ['text', 'image'],
      output_modalities: ['text'],
      effort: { supported_levels: ['low', 'high', 'max'], default_level: 'high' },
      api_capabilities: { anthropic_messages: { system_prompt_update: 'in-history' } },
    };
    assert.ok(list.Check({ object: 'list', data: [long] }));
    assert.ok(!list.Check({ object: 'list', data: [{ ...long, owned_by: undefined }] }));
  });

  test('token probabilities, with and without their bytes', () => {
    const token = {
      token: 'OK',
      logprob: -9999,
      bytes: null,
      top_logprobs: [{ token: 'OK', logprob: -0.1, bytes: [79, 75] }],
    };
    assert.ok(Compile(wire.Logprobs).Check({ content: [token], reasoning_content: null }));
    assert.ok(!Compile(wire.Logprobs).Check({ content: [{ ...token, bytes: [256] }] }));
  });

  test('usage needs its cache counts', () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 1,
      total_tokens: 2,
      prompt_tokens_details: { cached_tokens: 0 },
    };
    assert.ok(!Compile(wire.Usage).Check(usage));
    assert.ok(Compile(wire.Usage).Check({ ...usage, prompt_cache_hit_tokens: 0, prompt_cache_miss_tokens: 1 }));
  });
});

describe('the schemas as documents', () => {
  test('are plain JSON, so that an OpenAPI document can hold them', () => {
    for (const schema of [wire.ChatRequest, wire.ChatResponse, wire.ChatChunk, wire.ModelList, wire.ErrorBody]) {
      const json = JSON.parse(JSON.stringify(schema));
      assert.equal(json.type, 'object');
      assert.ok(!JSON.stringify(json).includes('~'), 'no mark of the library is left');
    }
  });

  test('say the ranges that the checks enforce', () => {
    const { properties } = JSON.parse(JSON.stringify(wire.ChatRequest));
    assert.deepEqual([properties.temperature.anyOf[0].minimum, properties.temperature.anyOf[0].maximum], [0, 2]);
    assert.deepEqual([properties.max_tokens.anyOf[0].minimum, properties.max_tokens.anyOf[0].maximum], [1, 393_216]);
    assert.equal(properties.top_p.anyOf[0].exclusiveMinimum, 0);
  });

  test('the request names both of the fields that it needs', () => {
    assert.deepEqual(wire.ChatRequest.required, ['messages', 'model']);
  });
});
