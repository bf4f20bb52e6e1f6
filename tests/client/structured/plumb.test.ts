/** Structured output by every strategy from the real server with its scripted model. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { chat } from '#client/chat/chat.js';
import { stream } from '#client/stream/chat-stream.js';
import { parse } from '#client/structured/parse.js';
import type { KnownRungs } from '#client/structured/strategies.js';
import { REPORT, REPORT_FUNCTION, REPORTING } from '../../foreign/support/scripted-servers.js';
import { startPlumb, type TestServer } from '../../support/plumb.js';
import { endpointOf } from '../support.js';

const report = z.object({ city: z.string(), weather: z.enum(['sunny', 'rainy']), days: z.number().int() });
const messages = [{ role: 'user', content: 'The weather?' }];

for (const contract of ['lenient', 'strict'] as const) {
  describe(`parse with a real server whose contract is ${contract}`, () => {
    let plumb: TestServer;
    before(async () => {
      plumb = await startPlumb({ script: REPORTING, settings: { contract } });
    });
    after(() => plumb.stop());

    const ask = (options: Parameters<typeof parse>[3], model = 'deepseek-chat') =>
      parse(
        endpointOf(`${plumb.url}/v1`, plumb.key),
        report,
        { model, messages },
        { name: REPORT_FUNCTION, ...options },
      );

    for (const strategy of ['strict_tool', 'json_object'] as const) {
      test(`gets the value by ${strategy}, with and without thinking`, async () => {
        for (const model of ['deepseek-chat', 'deepseek-reasoner']) {
          const result = await ask({ strategy, repairRounds: 0 }, model);
          assert.deepEqual([result.value, result.strategy, result.attempts], [REPORT, strategy, 1]);
          assert.equal(result.answer.reasoning !== undefined, model === 'deepseek-reasoner');
        }
      });
    }

    test('finds out by itself what the server can', async () => {
      const known: KnownRungs = new Map();
      const expected = contract === 'strict' ? 'strict_tool' : 'json_schema';
      for (let round = 0; round < 2; round++) {
        const { value, strategy } = await ask({ known });
        assert.deepEqual([value, strategy], [REPORT, expected]);
      }
      assert.deepEqual([...known.values()], contract === 'strict' ? ['strict_tool'] : []);
    });

    test('chats and streams the same answer', async () => {
      const endpoint = endpointOf(`${plumb.url}/v1`, plumb.key);
      const request = { model: 'deepseek-reasoner', messages, logprobs: true };
      const { id: _, systemFingerprint, ...buffered } = await chat(endpoint, request);
      const { id: __, ...streamed } = await stream(endpoint, request).final();
      assert.deepEqual({ ...streamed, usage: undefined }, { ...buffered, systemFingerprint, usage: undefined });
      assert.ok(streamed.usage?.total_tokens);
    });
  });
}
