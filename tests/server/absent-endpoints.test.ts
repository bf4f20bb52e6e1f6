/** What OpenAI's API has and this server has not: 404, with what is absent and what to use instead. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AnsweringEngine } from '../support/answering-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({ engine: new AnsweringEngine() });
});
after(() => plumb.stop());

async function refusal(path: string, method = 'POST') {
  const response = await plumb.request(path, { method, ...(method === 'POST' && { body: {} }) });
  const { error } = JSON.parse(await response.text());
  return { status: response.status, message: error.message as string, type: error.type };
}

describe('an endpoint that is not served is 404 and says what to use', () => {
  const cases: [path: string, message: RegExp][] = [
    ['/v1/fine_tuning/jobs', /^Fine-tuning is not served here\. .*`model`/],
    ['/v1/images/generations', /^Making images is not served here\./],
    ['/v1/audio/speech', /^Speech and transcription are not served here\./],
    ['/v1/assistants', /^Assistants are not served here\. Use POST \/chat\/completions with `tools`\./],
    ['/v1/threads/thread_1/runs', /^Threads are not served here\./],
    ['/v1/moderations', /^Moderation is not served here\./],
    ['/v1/files', /^Files are not served here\./],
    ['/v1/batches', /^Batches are not served here\./],
    ['/v1/responses', /^The responses API is not served here\. Use POST \/chat\/completions\./],
    ['/v1/vector_stores/vs_1/files', /^Vector stores are not served here\. .*POST \/embeddings/],
    ['/realtime', /^The realtime API is not served here\./],
    ['/beta/moderations', /^Moderation is not served here\./],
  ];
  for (const [path, message] of cases) {
    test(path, async () => {
      for (const method of ['POST', 'GET']) {
        const refused = await refusal(path, method);
        assert.match(refused.message, message);
        assert.equal(refused.status, 404);
        assert.equal(refused.type, 'invalid_request_error');
      }
    });
  }

  test('and any other path is told to be none', async () => {
    for (const path of ['/v1/imagesque', '/v2/images', '/']) {
      assert.match((await refusal(path)).message, /^Nothing is served at/);
    }
  });

  test('but without a key it is 401 like everything else', async () => {
    assert.equal((await fetch(`${plumb.url}/v1/images/generations`)).status, 401);
  });
});
