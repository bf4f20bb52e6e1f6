/** What a stream says together, also of servers that leave out what the format has. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ChatChunk } from '#client/chat/types.js';
import { ANSWER_MAX_CHARACTERS, ChatAccumulator } from '#client/stream/accumulator.js';
import { isKitError, USAGE } from '../support.js';

const chunkOf = (delta: object, reason?: string, rest: object = {}): ChatChunk => ({
  choices: [{ index: 0, delta, finish_reason: reason ?? null }],
  ...rest,
});

function gather(...deltas: object[]) {
  const accumulator = new ChatAccumulator();
  const events = [...deltas.map((delta) => chunkOf(delta)), chunkOf({}, 'stop')].flatMap((one) => accumulator.add(one));
  return { events, result: accumulator.final() };
}

const piece = (fields: object, name?: string, text?: string) => ({
  tool_calls: [{ ...fields, function: { ...(name && { name }), ...(text && { arguments: text }) } }],
});

const namesOf = (...deltas: object[]) =>
  gather(...deltas).result.toolCalls.map((call) => [call.function.name, call.function.arguments]);

describe('ChatAccumulator', () => {
  test('gathers the text, the reasoning and the rest, and says what each chunk brought', () => {
    const accumulator = new ChatAccumulator();
    const logprobs = (token: string) => ({ logprobs: { content: [{ token }], reasoning_content: null } });
    const events = [
      chunkOf({ role: 'assistant', content: null, reasoning_content: '' }, undefined, { id: 'a', model: 'm' }),
      chunkOf({ content: null, reasoning_content: 'Hm.' }),
      { choices: [{ delta: { content: 'Hel' }, ...logprobs('Hel') }] },
      { choices: [{ delta: { content: 'lo' }, ...logprobs('lo') }], system_fingerprint: 'fp' },
      chunkOf({ content: '' }, 'stop'),
      { choices: [], usage: USAGE },
    ].flatMap((one) => accumulator.add(one));
    assert.deepEqual(events, [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'content', text: 'Hel' },
      { type: 'content', text: 'lo' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage: USAGE },
    ]);
    assert.deepEqual(accumulator.final(), {
      id: 'a',
      model: 'm',
      content: 'Hello',
      reasoning: 'Hm.',
      toolCalls: [],
      finishReason: 'stop',
      usage: USAGE,
      logprobs: { content: [{ token: 'Hel' }, { token: 'lo' }], reasoning_content: [] },
      systemFingerprint: 'fp',
      message: { role: 'assistant', content: 'Hello', reasoning_content: 'Hm.' },
    });
  });

  test('says when a call starts, grows and ends', () => {
    const { events, result } = gather(
      piece({ index: 0, id: 'x' }, 'get'),
      piece({ index: 0 }, undefined, '{"a"'),
      piece({ index: 0 }, undefined, ':1}'),
    );
    const call = { id: 'x', type: 'function', function: { name: 'get', arguments: '{"a":1}' } };
    assert.deepEqual(events, [
      { type: 'tool_call_start', index: 0, id: 'x', name: 'get' },
      { type: 'tool_call_arguments', index: 0, text: '{"a"' },
      { type: 'tool_call_arguments', index: 0, text: ':1}' },
      { type: 'tool_call_end', index: 0, call },
      { type: 'finish', reason: 'stop' },
    ]);
    assert.deepEqual(result.message, { role: 'assistant', content: null, tool_calls: [call] });
  });

  test('puts calls together whose pieces come in turns', () => {
    const calls = namesOf(
      piece({ index: 0, id: 'x' }, 'one'),
      piece({ index: 1, id: 'y' }, 'two'),
      piece({ index: 0 }, undefined, '1'),
      piece({ index: 1 }, undefined, '2'),
    );
    assert.deepEqual(calls, [
      ['one', '1'],
      ['two', '2'],
    ]);
  });

  test('knows calls by their ids when a server leaves the index out, or numbers all of them 0', () => {
    for (const fields of [{}, { index: 0 }]) {
      const calls = namesOf(
        piece({ ...fields, id: 'x' }, 'one', '1'),
        piece({ ...fields, id: 'y' }, 'two', '2'),
        piece({ ...fields, id: 'x' }, undefined, '1'),
      );
      assert.deepEqual(calls, [
        ['one', '11'],
        ['two', '2'],
      ]);
    }
  });

  test('knows calls by their names when a server leaves out both, and makes ids', () => {
    const { result } = gather(piece({}, 'one', '1'), piece({}, undefined, '1'), piece({}, 'two', '2'));
    assert.deepEqual(
      result.toolCalls.map(({ id, function: called }) => [id, called.name, called.arguments]),
      [
        ['call_0', 'one', '11'],
        ['call_1', 'two', '2'],
      ],
    );
  });

  test('takes a name and an id that come again with each piece once', () => {
    const { result } = gather(piece({ index: 0, id: 'x' }, 'one', '1'), piece({ index: 0, id: 'x' }, 'one', '2'));
    assert.deepEqual(result.toolCalls, [{ id: 'x', type: 'function', function: { name: 'one', arguments: '12' } }]);
  });

  test('sends reasoning back under the name that it came with', () => {
    assert.deepEqual(gather({ reasoning: 'Hm.', content: 'a' }).result.message, {
      ...{ role: 'assistant', content: 'a', reasoning: 'Hm.' },
    });
    // DeepSeek wants the key back whenever it was thinking, also when there was no thought.
    assert.equal(gather({ reasoning_content: '', content: 'a' }).result.message.reasoning_content, '');
    assert.equal('reasoning_content' in gather({ reasoning_content: null, content: 'a' }).result.message, false);
  });

  test('is the same answer whether it came in one piece or in many', () => {
    const property = fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,5}$/), text: fc.string() }), { maxLength: 3 }),
      fc.integer({ min: 1, max: 5 }),
      (content, reasoning, calls, size) => {
        const slices = (text: string) => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        const whole = new ChatAccumulator();
        const tool_calls = calls.map(({ name, text }, index) => {
          return { id: `id-${index}`, index, function: { name, arguments: text } };
        });
        whole.add({
          choices: [{ message: { content, reasoning_content: reasoning, tool_calls }, finish_reason: 'stop' }],
        });
        const { result } = gather(
          { content: '', reasoning_content: '' },
          ...slices(reasoning).map((text) => ({ reasoning_content: text, content: null })),
          ...slices(content).map((text) => ({ content: text, reasoning_content: null })),
          ...calls.flatMap(({ name, text }, index) => [
            piece({ index, id: `id-${index}` }, name),
            ...slices(text).map((part) => piece({ index }, undefined, part)),
          ]),
        );
        assert.deepEqual(result, whole.final());
      },
    );
    fc.assert(property);
  });

  test('an answer without a finish_reason was cut, and so was one whose endpoint ran out of resources', () => {
    for (const reason of [undefined, 'insufficient_system_resource', 'aborted']) {
      const accumulator = new ChatAccumulator();
      accumulator.add(chunkOf({ content: 'Hel' }, reason));
      assert.throws(
        () => accumulator.final(),
        isKitError('stream_interrupted', ({ partial, retryable }) => {
          assert.equal((partial as { content: string }).content, 'Hel');
          assert.equal(retryable, true);
        }),
      );
    }
  });

  test('does not hold more than a limit', () => {
    const accumulator = new ChatAccumulator();
    const content = 'a'.repeat(ANSWER_MAX_CHARACTERS / 2);
    accumulator.add(chunkOf({ content }));
    accumulator.add(chunkOf({ reasoning_content: content }));
    assert.throws(() => accumulator.add(chunkOf({ content: 'a' })), isKitError('invalid_answer'));
    const many = new ChatAccumulator();
    const calls = Array.from({ length: 300 }, (_, index) => ({ index, id: `${index}`, function: { name: 'a' } }));
    assert.throws(() => many.add(chunkOf({ tool_calls: calls })), isKitError('invalid_answer'));
  });
});
