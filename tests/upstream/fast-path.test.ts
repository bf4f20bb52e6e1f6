/** Chunks that are not parsed give the same bytes as those that are. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FormBook } from '#server/engines/upstream/form-book.js';
import { UPSTREAM_KINDS } from '#server/engines/upstream/kinds/index.js';
import { countParsed } from '../support/count-parsed.js';
import { readDialect } from './support/dialects.js';
import { type Replay, replay, transcript } from './support/replay.js';

/** Texts as different servers write them into JSON: raw, or with everything escaped. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom(
    '<',
    '</think>',
    '<think>',
    '"',
    '\\',
    '\n',
    ' \n',
    '\u2028',
    '\u0007',
    '/',
    '你好',
    '👋',
    '\ud83d',
    '<｜DSML｜tool_calls>',
  ),
);
const spelling = fc.constantFrom<(json: string) => string>(
  (json) => json,
  (json) => json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (json) => json.replaceAll('/', '\\/'),
);
const frame = fc.constantFrom<(delta: string, number: number) => string>(
  (delta) =>
    `data: {"id":"a","model":"m","choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":null}]}\n\n`,
  (delta) => `data:{"choices": [{"delta": ${delta}, "index": 0, "finish_reason": null}], "usage": null}\r\n\r\n`,
  (delta, number) =>
    `data: {"created":${Math.floor(number / 3)},"choices":[{"finish_reason":null,"index":0,"delta":${delta}}]}\n\n`,
  (delta, number) => `id: ${number}\ndata: {"choices":[{"delta":${delta}}]}\n\n`,
  (delta) => `data: {"choices":[{"text":"hello","delta":${delta},"content":"hello"}]}\n\n: comment\n\n`,
);
const field = fc.constantFrom('content', 'content', 'content', 'reasoning_content', 'reasoning');

const stream = fc
  .tuple(frame, spelling, fc.array(fc.tuple(field, text), { maxLength: 25 }))
  .map(([write, toJson, deltas]) => {
    const events = deltas.map(([key, value], number) => write(`{"${key}":${toJson(JSON.stringify(value))}}`, number));
    return `${events.join('')}data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n`;
  });

describe('the fast path', () => {
  test('gives the same bytes as parsing, however the stream is cut', async () => {
    const cuts = fc.array(fc.nat(3000), { maxLength: 5 });
    const forms = new FormBook(UPSTREAM_KINDS.openai.reasoningFields);
    await fc.assert(
      fc.asyncProperty(stream, fc.boolean(), cuts, async (whole, thinking, places) => {
        const bytes = Buffer.from(whole);
        const ends = [0, ...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
        const pieces = ends.slice(1).map((end, index) => bytes.subarray(ends[index], end));
        const parts: Replay = { kind: 'openai', thinking };
        const slow = await replay({ ...parts, fastPath: false }, [bytes]);
        assert.equal(transcript(await replay(parts, pieces)), transcript(slow));
        assert.equal(transcript(await replay(parts, [bytes])), transcript(slow));
        assert.equal(transcript(await replay({ ...parts, forms }, pieces)), transcript(slow), 'with known forms');
      }),
      { numRuns: 1500 },
    );
  });

  test('parses no chunk that differs from the one before in its text alone', async () => {
    const events = readDialect('llama-server')
      .toString()
      .split(/(?<=\n\n)/);
    const [head, chunk = ''] = [events.slice(0, 5).join(''), events[5]];
    const count = await countParsed(() => replay({ kind: 'llama-server', thinking: true }, [head, chunk.repeat(1000)]));
    assert.ok(count < 50, `${count} were parsed`);
  });

  test('parses one event of a stream whose forms are known: that with the usage', async () => {
    const forms = new FormBook(UPSTREAM_KINDS.openai.reasoningFields);
    const run = (id: string, texts: string[]) => replay({ kind: 'openai', forms }, [plainStream(id, texts)]);
    await run('first', ['Hello', ' there', '!']);
    const count = await countParsed(async () => {
      const { response } = await run('second', ['Good', ' "day"', ' \u{1f44b}']);
      assert.equal(response.choices[0]?.message.content, 'Good "day" \u{1f44b}');
      assert.equal(response.usage.completion_tokens, 3);
    });
    // The sink of this test parses the chunks that it gets: the role, three texts, and the end.
    assert.equal(count - 5, 1);
  });

  test('does not try for ever where all chunks differ', async () => {
    const events = Array.from(
      { length: 1000 },
      (_, n) => `data: {"id":${n},"choices":[{"delta":{"content":"x"}}]}\n\n`,
    );
    const count = await countParsed(() => replay({ kind: 'openai' }, [events.join('')]));
    assert.ok(count < 1050, `${count} were parsed`);
  });

  test('replaces bytes that are no UTF-8, as parsing does', async () => {
    const event = (bytes: Buffer) =>
      Buffer.concat([Buffer.from('data: {"choices":[{"delta":{"content":"'), bytes, Buffer.from('"}}]}\n\n')]);
    const bytes = Buffer.concat([
      event(Buffer.from('a')),
      event(Buffer.from('b')),
      event(Buffer.from([0xff, 0x41])),
      event(Buffer.from('c')),
    ]);
    const sink = await replay({ kind: 'openai' }, [bytes, 'data: [DONE]\n\n']);
    assert.equal(sink.response.choices[0]?.message.content, 'ab\ufffdAc');
  });
});

/** A stream as OpenAI's API sends it. */
function plainStream(id: string, texts: readonly string[]): string {
  const write = (delta: object, rest: object) =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 7, model: 'm', choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...rest }] })}\n\n`;
  const usage = { prompt_tokens: 1, completion_tokens: texts.length, total_tokens: 1 + texts.length };
  return [
    write({ role: 'assistant', content: '' }, {}),
    ...texts.map((content) => write({ content }, {})),
    write({}, { finish_reason: 'stop' }),
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: 7, model: 'm', choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ].join('');
}
