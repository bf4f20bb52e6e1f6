/** The unmodified OpenAI SDK for Python against the real server; skipped by name where Python or pip is absent. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPlumb } from '../support/plumb.js';
import { pythonWith } from '../support/python.js';

const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHT = 'Let me think about that. Done thinking.';
const script = fileURLToPath(new URL('../../foreign/python/openai_sdk.py', import.meta.url));

describe('the OpenAI SDK for Python', () => {
  test('chats, streams, reasons, lists models and raises its own errors', async (context: TestContext) => {
    const python = await pythonWith('openai');
    if (typeof python === 'string') return context.skip(python);
    const plumb = await startPlumb();
    try {
      const seen = JSON.parse(await python.run([script, `${plumb.url}/v1`, plumb.key]));
      assert.equal(seen.chat.content, HELLO);
      assert.equal(seen.chat.finish_reason, 'stop');
      assert.equal(seen.chat.hit_and_miss, seen.chat.prompt_tokens);
      assert.match(seen.chat.request_id, /^[0-9a-f]{32}$/);
      assert.equal(seen.stream.content, HELLO);
      assert.ok(seen.stream.total_tokens > 0);
      assert.deepEqual(seen.reasoner, { reasoning: THOUGHT, content: HELLO });
      assert.deepEqual(seen.streamed_reasoner, { reasoning: THOUGHT, content: HELLO });
      assert.deepEqual(seen.thinking_in_extra_body, { reasoning: THOUGHT });
      assert.deepEqual(seen.asynchronous, Array(8).fill(HELLO));
      assert.deepEqual(seen.models, { ids: ['deepseek-chat', 'deepseek-reasoner'], one: 'deepseek-chat' });
      assert.equal(seen.errors.wrong_key.class, 'AuthenticationError');
      assert.match(seen.errors.wrong_key.message, /\*{4}0000 is invalid/);
      assert.equal(seen.errors.wrong_model.class, 'BadRequestError');
      assert.equal(seen.errors.absent.class, 'NotFoundError');
    } finally {
      await plumb.stop();
    }
  });
});
