/** What every kind of server sends becomes our contract, however the network cuts it and whatever stands in between. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChatChunk, ChatResponse } from '@plumb/wire';
import { Compile } from 'typebox/compile';
import { FormBook } from '#server/engines/upstream/form-book.js';
import { UPSTREAM_KINDS } from '#server/engines/upstream/kinds/index.js';
import { DIALECTS, readDialect, readGolden } from './support/dialects.js';
import { replay, transcript } from './support/replay.js';

const isChunk = Compile(ChatChunk);
const isResponse = Compile(ChatResponse);

/** Bytes of a file, each line end exchanged for another one. */
function withLineEnds(bytes: Buffer, lineEnd: string): Buffer {
  return Buffer.from(bytes.toString().replaceAll('\n', lineEnd));
}

for (const [name, parts] of Object.entries(DIALECTS)) {
  describe(`the stream ${name}`, () => {
    const bytes = readDialect(name);
    const golden = readGolden(name);

    test('becomes what our client should get', async () => {
      const sink = await replay(parts, [bytes]);
      assert.equal(transcript(sink), golden);
      for (const chunk of sink.chunks) assert.ok(isChunk.Check(chunk), JSON.stringify(chunk));
      if (sink.end !== undefined) assert.ok(isResponse.Check(sink.response));
    });

    test('is the same split at every byte', async () => {
      for (let place = 1; place < bytes.length; place++) {
        const sink = await replay(parts, [bytes.subarray(0, place), bytes.subarray(place)]);
        assert.equal(transcript(sink), golden, `split at ${place}`);
      }
    });

    test('is the same byte by byte, and event by event', async () => {
      const single = Array.from(bytes, (byte) => Buffer.of(byte));
      assert.equal(transcript(await replay(parts, single)), golden);
      const events = bytes.toString().split(/(?<=\n\n)/);
      assert.equal(transcript(await replay(parts, events)), golden);
    });

    test('is the same with each chunk parsed', async () => {
      assert.equal(transcript(await replay({ ...parts, fastPath: false }, [bytes])), golden);
    });

    test('is the same once the forms of its chunks are known', async () => {
      const forms = new FormBook(UPSTREAM_KINDS[parts.kind].reasoningFields);
      for (let time = 0; time < 3; time++) assert.equal(transcript(await replay({ ...parts, forms }, [bytes])), golden);
    });

    test('is the same answer where the whole of it is taken at the end, of which no event comes before', async () => {
      const streamed = await replay(parts, [bytes]);
      if (streamed.end === undefined) return;
      const buffered = await replay({ ...parts, isBuffered: true }, [bytes]);
      // Ids that the engine does not give are made anew each time.
      const print = (answer: object) => JSON.stringify(answer).replace(/call_\w+/g, 'call');
      assert.equal(print(buffered.response), print(streamed.response));
      assert.deepEqual([buffered.wholeText, buffered.end?.usage], ['', streamed.end.usage]);
    });

    test('is the same with other line ends, comments and blank lines in between', async () => {
      for (const lineEnd of ['\r\n', '\r']) {
        assert.equal(transcript(await replay(parts, [withLineEnds(bytes, lineEnd)])), golden);
      }
      const commented = bytes.toString().replaceAll('\n\n', '\n\n: keep-alive\n\n\n\n:\n\n');
      assert.equal(transcript(await replay(parts, [`\ufeff: begin\n\n${commented}`])), golden);
    });
  });
}

test('every chunk has the id, the time and the model of the job', async () => {
  const { chunks } = await replay({ kind: 'vllm', thinking: true }, [readDialect('vllm-reasoning')]);
  for (const { id, created, model } of chunks) {
    assert.deepEqual(
      { id, created, model },
      { id: '00000000-0000-4000-8000-000000000000', created: 1_790_000_000, model: 'deepseek-flash' },
    );
  }
});

test('the fingerprint is that of the engine, else one that stays the same', async () => {
  const told = await replay({ kind: 'llama-server' }, [readDialect('llama-server')]);
  assert.ok(told.chunks.every(({ system_fingerprint }) => system_fingerprint === 'b9999-abcdef0'));
  const silent = await replay({ kind: 'vllm' }, [readDialect('vllm-reasoning')]);
  const again = await replay({ kind: 'vllm' }, [readDialect('vllm-tools')]);
  assert.match(silent.chunks[0]?.system_fingerprint ?? '', /^[0-9a-f]{32}$/);
  assert.equal(silent.chunks[0]?.system_fingerprint, again.chunks[0]?.system_fingerprint);
});

test('reasoning that nobody asked for is not shown, and its tokens are counted', async () => {
  const sink = await replay({ kind: 'vllm', thinking: false }, [readDialect('vllm-reasoning')]);
  const [choice] = sink.response.choices;
  assert.deepEqual(choice?.message, { role: 'assistant', content: '\n\nYes, sure.' });
  assert.equal(sink.end?.usage.completion_tokens, 8);
  assert.equal(sink.end?.usage.completion_tokens_details, undefined);
});

test('without usage the prompt is estimated and each piece of output counts as a token', async () => {
  const { end } = await replay({ kind: 'openai' }, [readDialect('openai-no-usage')]);
  assert.deepEqual(end?.usage, {
    prompt_tokens: 10,
    completion_tokens: 3,
    total_tokens: 13,
    prompt_tokens_details: { cached_tokens: 0 },
    prompt_cache_hit_tokens: 0,
    prompt_cache_miss_tokens: 10,
  });
});

test('markup of calls is dropped when the client offered no tools, or chose none', async () => {
  for (const request of [{}, { ...DIALECTS['markup-dsml']?.request, tool_choice: 'none' as const }]) {
    const { response } = await replay({ kind: 'vllm', request }, [readDialect('markup-dsml')]);
    assert.equal(response.choices[0]?.message.content, 'Look:\n\n');
    assert.equal(response.choices[0]?.message.tool_calls, undefined);
    assert.equal(response.choices[0]?.finish_reason, 'stop');
  }
});
