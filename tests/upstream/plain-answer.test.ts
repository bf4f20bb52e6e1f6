/** Whole answers that are written at once are the same as those that are translated. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TOOLS } from './support/jobs.js';
import { type Replay, replay, transcript } from './support/replay.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    ' \n',
    '<',
    '<think>',
    ' <think>a</think>\n b',
    'a</think>b',
    '你好',
    '<｜DSML｜tool_calls>',
  ),
);
const call = { id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{}' } };
const logprobs = { content: [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }] };

/** What differs between the answers of servers; a field that is undefined is left out. */
const message = fc.record({
  content: fc.option(text),
  reasoning_content: fc.option(text, { nil: undefined }),
  tool_calls: fc.constantFrom(undefined, undefined, undefined, null, [], [call]),
});
const usage = fc.constantFrom<object | undefined>(
  undefined,
  { prompt_tokens: 20, completion_tokens: 7 },
  { prompt_tokens: 20, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 8 } },
  { prompt_tokens: 20, completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 3 } },
);
const answer = fc.record({
  system_fingerprint: fc.constantFrom(undefined, 'fp_1'),
  choices: fc.tuple(
    fc.record({
      message,
      logprobs: fc.constantFrom(null, logprobs),
      finish_reason: fc.constantFrom('stop', 'stop', 'length', 'tool_calls', 'abort', 'whatever', 'error', null),
    }),
  ),
  usage,
});

describe('a whole answer', () => {
  test('is the same whether it is translated or not, however it is cut', async () => {
    const request = fc.constantFrom({}, {}, { tools: TOOLS }, { logprobs: true });
    await fc.assert(
      fc.asyncProperty(answer, request, fc.boolean(), fc.nat(400), async (said, asked, thinking, place) => {
        const bytes = Buffer.from(JSON.stringify(said));
        const parts: Replay = { kind: 'openai', thinking, request: { ...asked, stream: false }, isBuffered: true };
        const slow = transcript(await replay({ ...parts, fastPath: false }, [bytes]));
        assert.equal(transcript(await replay(parts, [bytes])), slow);
        assert.equal(transcript(await replay(parts, [bytes.subarray(0, place), bytes.subarray(place)])), slow);
      }),
      { numRuns: 1500 },
    );
  });
});
