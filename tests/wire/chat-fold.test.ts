/** The chunks of a stream fold into the answer that a buffered call gives, key by key. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ChatChunk,
  ChatFold,
  ChatResponse,
  type Delta,
  FinishReason,
  type Logprobs,
  type TokenLogprob,
  type Usage,
} from '@plumb/wire';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';

const usage: Usage = {
  prompt_tokens: 6,
  completion_tokens: 1,
  total_tokens: 7,
  prompt_tokens_details: { cached_tokens: 0 },
  prompt_cache_hit_tokens: 0,
  prompt_cache_miss_tokens: 6,
};

function chunk(
  delta: Delta,
  rest: { finish?: FinishReason; logprobs?: Logprobs | null; usage?: Usage | null } = {},
): ChatChunk {
  return {
    id: 'c07fd9d0-0000-0000-0000-000000000000',
    object: 'chat.completion.chunk',
    created: 1_785_594_120,
    model: 'deepseek-flash',
    system_fingerprint: 'aeb56401ca74e127821c4f9126dcb669',
    choices: [{ index: 0, delta, logprobs: rest.logprobs ?? null, finish_reason: rest.finish ?? null }],
    ...('usage' in rest ? { usage: rest.usage } : {}),
  };
}

function fold(...chunks: ChatChunk[]): ChatResponse {
  const folding = new ChatFold();
  for (const each of chunks) folding.add(each);
  return folding.response();
}

describe('the answers of the contract', () => {
  test('without thinking', () => {
    const response = fold(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'O' }),
      chunk({ content: 'K' }),
      chunk({ content: '' }, { finish: 'stop', usage }),
    );
    assert.equal(
      JSON.stringify(response),
      '{"id":"c07fd9d0-0000-0000-0000-000000000000","object":"chat.completion","created":1785594120,"model":"deepseek-flash",' +
        '"choices":[{"index":0,"message":{"role":"assistant","content":"OK"},"logprobs":null,"finish_reason":"stop"}],' +
        '"usage":{"prompt_tokens":6,"completion_tokens":1,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":0},' +
        '"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":6},"system_fingerprint":"aeb56401ca74e127821c4f9126dcb669"}',
    );
  });

  test('with thinking and a tool call', () => {
    const response = fold(
      chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      chunk({ content: null, reasoning_content: 'The user ' }),
      chunk({ content: null, reasoning_content: 'wants…' }),
      chunk({
        tool_calls: [
          {
            index: 0,
            id: 'call_00_kw66qNnNto11bSfJVIdlV5Oo',
            type: 'function',
            function: { name: 'get_weather', arguments: '' },
          },
        ],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"location": ' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '"Hangzhou"}' } }] }),
      chunk({ content: '', reasoning_content: null }, { finish: 'tool_calls', usage }),
    );
    assert.equal(
      JSON.stringify(response.choices),
      '[{"index":0,"message":{"role":"assistant","content":"","reasoning_content":"The user wants…","tool_calls":[{"index":0,"id":"call_00_kw66qNnNto11bSfJVIdlV5Oo","type":"function","function":{"name":"get_weather","arguments":"{\\"location\\": \\"Hangzhou\\"}"}}]},"logprobs":null,"finish_reason":"tool_calls"}]',
    );
  });

  test('whose budget ended inside reasoning', () => {
    const response = fold(
      chunk({ role: 'assistant', content: null, reasoning_content: '' }),
      chunk({ content: null, reasoning_content: 'hm' }, { finish: 'length', usage }),
    );
    assert.deepEqual(response.choices[0]?.message, { role: 'assistant', content: null, reasoning_content: 'hm' });
  });

  test('whose usage comes in a chunk of its own, without choices', () => {
    const response = fold(chunk({ content: 'x' }, { finish: 'stop', usage: null }), {
      ...chunk({}),
      choices: [],
      usage,
    });
    assert.deepEqual(response.usage, usage);
    assert.equal(response.choices[0]?.message.content, 'x');
  });
});

describe('a stream that was cut', () => {
  test('before its first chunk has no answer', () => assert.throws(() => fold(), /ended before its first chunk/));
  test('before its finish_reason has no answer', () =>
    assert.throws(() => fold(chunk({ content: 'x' }, { usage })), /no chunk has a finish_reason/));
  test('before its usage has no answer', () =>
    assert.throws(() => fold(chunk({ content: 'x' }, { finish: 'stop' })), /no chunk has usage/));
});

/** An answer, in the pieces in which it is streamed. */
interface Answer {
  /** Null without thinking. */
  reasoning: string[] | null;
  content: string[];
  calls: { id: string; name: string; arguments: string[] }[];
  /** The probabilities that come with each piece of text, if any do. */
  tokens: TokenLogprob[] | null;
  finish: FinishReason;
}

/** The chunks of a streamed answer, as section 3.2 of the contract shows them. */
function streamed({ reasoning, content, calls, tokens, finish }: Answer): ChatChunk[] {
  const silent = reasoning === null ? {} : { reasoning_content: null };
  const first = reasoning === null ? { content: '' } : { content: null, reasoning_content: '' };
  return [
    chunk({ role: 'assistant', ...first }),
    ...(reasoning ?? []).map((piece) =>
      chunk({ content: null, reasoning_content: piece }, { logprobs: tokens && { reasoning_content: tokens } }),
    ),
    ...content.map((piece) => chunk({ content: piece, ...silent }, { logprobs: tokens && { content: tokens } })),
    ...calls.flatMap(({ id, name, arguments: pieces }, index) => [
      chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
      ...pieces.map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    chunk({ content: '', ...silent }, { finish, usage }),
  ];
}

/** The same answer in one piece, as section 3.1 of the contract shows it. */
function buffered({ reasoning, content, calls, tokens, finish }: Answer): object {
  const toolCalls = calls.map(({ id, name, arguments: pieces }, index) => ({
    index,
    id,
    type: 'function',
    function: { name, arguments: pieces.join('') },
  }));
  const message = {
    role: 'assistant',
    content: content.join(''),
    ...(reasoning === null ? {} : { reasoning_content: reasoning.join('') }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
  const { id, created, model, system_fingerprint } = chunk({});
  const choice = {
    index: 0,
    message,
    logprobs: bufferedLogprobs(reasoning ?? [], content, tokens),
    finish_reason: finish,
  };
  return { id, object: 'chat.completion', created, model, choices: [choice], usage, system_fingerprint };
}

function bufferedLogprobs(reasoning: string[], content: string[], tokens: TokenLogprob[] | null): Logprobs | null {
  if (tokens === null || reasoning.length + content.length === 0) return null;
  return {
    ...(reasoning.length === 0 ? {} : { reasoning_content: reasoning.flatMap(() => tokens) }),
    ...(content.length === 0 ? {} : { content: content.flatMap(() => tokens) }),
  };
}

describe('any answer', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const pieces = fc.array(text, { maxLength: 5 });
  const token: fc.Arbitrary<TokenLogprob> = fc.record({
    token: text,
    logprob: fc.double({ min: -20, max: 0, noNaN: true }),
    bytes: fc.option(fc.array(fc.nat(255), { maxLength: 3 })),
    top_logprobs: fc.constant([]),
  });
  const tokens: fc.Arbitrary<TokenLogprob[]> = fc.array(token, { minLength: 1, maxLength: 3 });
  const answer: fc.Arbitrary<Answer> = fc.record({
    reasoning: fc.option(pieces),
    content: pieces,
    calls: fc.array(fc.record({ id: text, name: text, arguments: pieces }), { maxLength: 3 }),
    tokens: fc.option(tokens),
    finish: fc.constantFrom(...FinishReason.enum),
  });
  const isChunk = Compile(ChatChunk);
  const isResponse = Compile(ChatResponse);

  test('is the same streamed and buffered', () => {
    fc.assert(
      fc.property(answer, (each) => {
        const chunks = streamed(each);
        const before = JSON.stringify(chunks);
        const folded = fold(...chunks);
        assert.equal(JSON.stringify(folded), JSON.stringify(buffered(each)));
        assert.equal(JSON.stringify(chunks), before, 'the chunks are not changed');
        assert.ok(chunks.every((part) => isChunk.Check(part)));
        assert.ok(isResponse.Check(folded));
      }),
      { numRuns: 500 },
    );
  });
});
