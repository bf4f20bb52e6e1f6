/** What a whole request counts: its text and what the format of prompts adds. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { createEstimator, estimateChat } from '#client/index.js';
import {
  countChat,
  type DeepSeekTokenizer,
  loadDeepSeekCounter,
  loadDeepSeekTokenizer,
} from '#client/tokens/deepseek/index.js';

const user = (content: unknown) => ({ role: 'user', content });

describe('the count of a request', () => {
  let tokenizer: DeepSeekTokenizer;
  let count: (body: unknown) => number;
  before(async () => {
    tokenizer = await loadDeepSeekTokenizer();
    count = (body) => countChat(tokenizer, body);
  });
  const tokens = (text: string) => tokenizer.count(text);

  test('is four tokens for an empty user message, as the API counts it', () => {
    assert.equal(count({ messages: [user('')] }), 4);
    assert.equal(estimateChat({ messages: [user('')] }), 4);
  });

  test('adds three tokens for each turn of a conversation', () => {
    const messages = [user('Hello'), { role: 'assistant', content: 'Hi!' }, user('Bye')];
    assert.equal(count({ messages }), 1 + (1 + tokens('Hello')) + (2 + tokens('Hi!') + 1) + (1 + tokens('Bye')) + 2);
  });

  test('joins system messages before all others, wherever they stand', () => {
    const messages = [{ role: 'system', content: 'One.' }, user('x'), { role: 'developer', content: 'Two.' }];
    assert.equal(count({ messages }), 4 + tokens('One.\n\nTwo.') + tokens('x'));
  });

  test('takes no marker in a message for one', () => {
    assert.equal(count({ messages: [user('<｜User｜>')] }), 4 + 5);
  });

  test('has the description of each tool, and its schema with blanks', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string', enum: ['a,\n b', 'c'] } } };
    const tools = [{ type: 'function', function: { name: 'weather', description: 'Tells it.', parameters } }];
    const schema = '{"type": "object", "properties": {"city": {"type": "string", "enum": ["a,\\n b", "c"]}}}';
    const described = `\n### weather\nDescription: Tells it.\n\nParameters: ${schema}\n`;
    assert.equal(count({ messages: [user('')], tools }), 4 + 103 + tokens(described));
  });

  test('has calls and their results, and reasoning where there are tools alone', () => {
    const call = { id: '1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } };
    const messages = [
      user('Rome?'),
      { role: 'assistant', content: null, reasoning_content: 'Let me look.', tool_calls: [call] },
      { role: 'tool', tool_call_id: '1', content: 'Sunny' },
    ];
    const called = 2 + 1 + (1 + tokens('weather') + 1 + tokens('{"city":"Rome"}') + 1) + 1 + 1;
    const bare = 1 + 1 + tokens('Rome?') + called + 1 + tokens('Sunny') + 1;
    assert.equal(count({ messages }), bare);
    const tools = [{ type: 'function', function: { name: 'weather' } }];
    const offered = 103 + tokens('\n### weather\nDescription: \n\nParameters: {}\n');
    assert.equal(count({ messages, tools }), bare + offered + 1 + tokens('Let me look.'));
  });

  test('does not end a message that is to be continued', () => {
    const messages = [user('x'), { role: 'assistant', content: 'y', prefix: true }];
    assert.equal(count({ messages }), 1 + 2 + 2 + 1);
  });

  test('has the schema of the answer', () => {
    const format = { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } };
    assert.equal(count({ messages: [user('')], response_format: format }), 4 + tokens('\n\n{"type": "object"}'));
    assert.equal(count({ messages: [user('')], response_format: { type: 'json_object' } }), 4);
  });

  test('has images at the most that they count, whatever their data is', () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } };
    const low = { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } };
    assert.equal(count({ messages: [user([{ type: 'text', text: 'What?' }, image])] }), 4 + tokens('What?') + 1024);
    assert.equal(count({ messages: [user([low])] }), 4 + 160);
  });

  test('is the same in the Anthropic dialect', () => {
    const chat = {
      messages: [
        { role: 'system', content: 'Be brief.' },
        user('Rome?'),
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Rome"}' } }],
        },
        { role: 'tool', content: 'Sunny' },
        user('And now?'),
      ],
      tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: { type: 'object' } } }],
    };
    const anthropic = {
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        user('Rome?'),
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: '1', name: 'weather', input: { city: 'Rome' } },
          ],
        },
        user([
          { type: 'tool_result', tool_use_id: '1', content: [{ type: 'text', text: 'Sunny' }] },
          { type: 'text', text: 'And now?' },
        ]),
      ],
      tools: [{ name: 'weather', description: 'd', input_schema: { type: 'object' } }],
    };
    assert.equal(count(anthropic), count(chat));
  });

  test('is the same in the Responses dialect', () => {
    const chat = { messages: [{ role: 'system', content: 'Be brief.' }, user('Rome?')] };
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Rome?' }] };
    assert.equal(count({ instructions: 'Be brief.', input: 'Rome?' }), count(chat));
    assert.equal(count({ instructions: 'Be brief.', input: [item] }), count(chat));
    const called = [
      item,
      { type: 'function_call', call_id: '1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: '1', output: 'done' },
    ];
    const messages = [
      ...chat.messages,
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', content: 'done' },
    ];
    assert.equal(count({ instructions: 'Be brief.', input: called }), count({ messages }));
  });

  test('knows texts to continue and to embed, also as ids', () => {
    assert.equal(count({ prompt: 'Once' }), 1 + tokens('Once'));
    assert.equal(count({ prompt: 'a', suffix: 'b' }), 1 + 1 + 3 + 1);
    assert.equal(count({ input: ['one', 'two'] }), 1 + tokens('one') + 1 + tokens('two'));
    assert.equal(count({ input: [5, 6, 7] }), 1 + 3);
    assert.equal(count({ prompt: [[5, 6], [7]] }), 1 + 2 + 1 + 1);
  });

  test('of more than 131,072 units is estimated by what its beginning came to', () => {
    const text = 'The quick brown fox jumps over the lazy dog. '.repeat(12_000);
    const error = count({ messages: [user(text)] }) / tokens(text) - 1;
    assert.ok(Math.abs(error) < 0.01, `${error}`);
  });

  test('is a number for anything at all', async () => {
    const counters = [createEstimator(), await loadDeepSeekCounter()];
    const cycle: { messages: unknown[] } = { messages: [] };
    cycle.messages.push({ role: 'assistant', tool_calls: [{ function: cycle }] }, cycle);
    const odd = [undefined, null, 1n, 'text', [], {}, cycle, { messages: [cycle] }, { messages: 1n }, { input: cycle }];
    const key = fc.constantFrom(
      'messages',
      'content',
      'role',
      'tools',
      'function',
      'prompt',
      'input',
      'tool_calls',
      'type',
      'text',
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), fc.dictionary(key, tie('json')), fc.array(tie('json'))),
    }));
    const check = (body: unknown) => {
      for (const counter of counters) {
        const counted = counter.countRequest(body);
        assert.ok(Number.isInteger(counted) && counted >= 0, `${counted}`);
      }
    };
    odd.forEach(check);
    fc.assert(fc.property(json, check));
  });
});
