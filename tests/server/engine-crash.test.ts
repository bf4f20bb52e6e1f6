/** The engine's process is killed under load: every request ends well or in the envelope, and the next one is served. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EmbeddedEngine } from '#server/engines/embedded/embedded-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';

const HI = [{ role: 'user', content: 'Hi' }];
const ROUNDS = 3;
const REQUESTS_PER_ROUND = 24;

let plumb: TestServer;
before(async () => {
  plumb = await startPlumb({ script: 'endless', settings: { engine: { context_tokens: 512 } } });
});
after(() => plumb.stop());

function engine(): EmbeddedEngine {
  return plumb.server.platform.engines.get('embedded') as EmbeddedEngine;
}

/** Ends with `answered`, `refused` or `cut in the stream`; anything else throws. */
async function ending(stream: boolean): Promise<string> {
  const response = await plumb.chat({ model: 'deepseek-chat', messages: HI, max_tokens: 400, stream });
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
      const endings = Array.from({ length: REQUESTS_PER_ROUND }, (_, index) => ending(index % 2 === 0));
      const first = await plumb.chat({ model: 'deepseek-chat', messages: HI, max_tokens: 400, stream: true });
      await first.body?.getReader().read();
      process.kill(engine().pid!, 'SIGKILL');
      await first.body?.cancel().catch(() => {});
      const seen = await Promise.all(endings);
      assert.ok(
        seen.some((kind) => kind !== 'answered'),
        'the process must have been killed while it was working',
      );
      assert.equal(await ending(false), 'answered', 'the next request is served');
    }
  });

  test('lets the server itself stay up and ready again', async () => {
    process.kill(engine().pid!, 'SIGKILL');
    assert.equal((await plumb.request('/healthz')).status, 200);
    assert.equal(await ending(true), 'answered');
    assert.equal((await plumb.request('/readyz')).status, 200);
  });
});
