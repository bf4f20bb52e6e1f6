/** The engine's process is killed under load: every request ends well or in the envelope, and the next one is served. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EmbeddedEngine } from '#server/engines/embedded/embedded-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const HI = [{ role: 'user', content: 'Hi' }];
const ROUNDS = 3;
const REQUESTS_PER_ROUND = 16;

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({ script: 'endless', settings: { engine: { context_tokens: 8192 } } });
});
after(() => plumb.stop());

function engine(): EmbeddedEngine {
  return plumb.server.platform.engines.get('embedded') as EmbeddedEngine;
}

/** Long enough that it is still running when the process is killed; short enough to wait for. */
const LONG = 3000;
const SHORT = 50;

/** Ends with `answered`, `refused` or `cut in the stream`; anything else throws. */
async function ending(stream: boolean, maxTokens: number, onBegun?: () => void): Promise<string> {
  const response = await plumb.chat({ model: 'deepseek-chat', messages: HI, max_tokens: maxTokens, stream });
  onBegun?.();
  const text = await response.text();
  if (response.status === 503) {
    assert.equal(JSON.parse(text).error.type, 'service_unavailable_error');
    return 'refused';
  }
  assert.equal(response.status, 200, text);
  if (!stream) {
    const answer = JSON.parse(text);
    if ('error' in answer) return 'refused';
    assert.equal(answer.choices[0].finish_reason, 'length');
    return 'answered';
  }
  if (text.endsWith('data: [DONE]\n\n')) return 'answered';
  const last = text.trimEnd().split('\n\n').at(-1) ?? '';
  assert.equal(JSON.parse(last.replace('data: ', '')).error.type, 'service_unavailable_error');
  return 'cut in the stream';
}

describe('kill -9 of the engine process', () => {
  test('under load leaves no request without an ending, again and again', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = Promise.withResolvers<void>();
      // A streamed answer has its status with its first event: by then the engine is working.
      const endings = Array.from({ length: REQUESTS_PER_ROUND }, (_, index) =>
        ending(index % 2 === 0, index % 4 < 2 ? LONG : SHORT, index % 4 === 0 ? begun.resolve : undefined),
      );
      await begun.promise;
      process.kill(engine().pid!, 'SIGKILL');
      const seen = await Promise.all(endings);
      assert.ok(
        seen.some((kind) => kind !== 'answered'),
        'the process must have been killed while it was working',
      );
      assert.equal(await ending(false, SHORT), 'answered', 'the next request is served');
    }
  });

  test('lets the server itself stay up and ready again', async () => {
    process.kill(engine().pid!, 'SIGKILL');
    assert.equal((await plumb.request('/healthz')).status, 200);
    assert.equal(await ending(true, SHORT), 'answered');
    assert.equal((await plumb.request('/readyz')).status, 200);
  });
});
