/** What stands above `fetch`, through the fetch of a kit: it gets the patterns, and errors that know every attempt. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { chat, createKit, KitError, type KitErrorCode, parse, runTools, stream, tool } from '#client/index.js';
import { SkippingClock } from '../../support/client/skipping-clock.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../../support/scripted-upstream.js';
import { answering, callOf, chunk, isKitError, streaming } from '../support.js';

const REQUEST = { model: 'far', messages: [{ role: 'user', content: 'Hi' }] };
const OPTIONS = { apiKey: 'sk-test', retry: { maxAttempts: 2 } };
const BUSY = jsonOf({ error: { message: 'busy', type: 'server_error' } }, 503);

let upstream: ScriptedUpstream;
before(async () => {
  upstream = await ScriptedUpstream.start();
});
after(() => upstream.close());

/** A kit for an endpoint that answers so, one after the other; the last answer comes for ever. */
function kitOver(...scripts: readonly Script[]) {
  upstream.answerChat((_, number) => scripts[Math.min(number, scripts.length - 1)]!);
  return createKit({ ...OPTIONS, baseURL: upstream.url, clock: new SkippingClock() });
}

describe('through a kit', () => {
  test('a chat and a stream come after what had to be tried again', async () => {
    assert.equal((await chat(kitOver(BUSY, answering({ content: 'Hello' })), REQUEST)).content, 'Hello');
    assert.equal((await stream(kitOver(BUSY, streaming({ content: 'Hello' })), REQUEST).final()).content, 'Hello');
  });

  test('an error has the code and every attempt', async () => {
    const nobody = createKit({ ...OPTIONS, baseURL: 'http://127.0.0.1:1/v1', clock: new SkippingClock() });
    const cases: [ReturnType<typeof kitOver>, KitErrorCode, boolean][] = [
      [kitOver(jsonOf({ error: { message: 'no' } }, 401)), 'authentication', false],
      [nobody, 'connection', true],
    ];
    for (const [kit, code, isRepeated] of cases) {
      await assert.rejects(
        chat(kit, REQUEST),
        isKitError(code, ({ attempts }) => assert.equal(attempts.length > 1, isRepeated)),
      );
    }
    await assert.rejects(
      chat(kitOver(BUSY), REQUEST),
      isKitError('server_error', ({ attempts, status }) => assert.ok(status === 503 && attempts.length > 1)),
    );
  });

  test('a stream that is cut after it has begun has what had come', async () => {
    const kit = kitOver(streamOf(chunk({ content: 'Hel' })));
    await assert.rejects(
      stream(kit, REQUEST).final(),
      isKitError('stream_interrupted', ({ partial }) => assert.equal((partial as { content: string }).content, 'Hel')),
    );
  });

  test('tools and structured output work as they do without one', async () => {
    const add = tool({ name: 'add', input: z.object({ a: z.number() }), run: ({ a }) => a + 1 });
    const call = answering({ content: '', tool_calls: [callOf('a', 'add', { a: 1 })] });
    const { messages } = await runTools(kitOver(call, BUSY, answering({ content: '2' })), { ...REQUEST, tools: [add] });
    assert.deepEqual(
      messages.map(({ content }) => content),
      ['Hi', '', '2', '2'],
    );
    const refusal = jsonOf({ error: { message: 'This response_format type is unavailable now' } }, 400);
    const value = { city: 'Paris' };
    const kit = kitOver(refusal, answering({ content: JSON.stringify(value) }));
    assert.deepEqual((await parse(kit, z.object({ city: z.string() }), REQUEST)).value, value);
  });

  test('an abort is thrown as it is', async () => {
    const reason = new Error('enough');
    const asked = chat(kitOver(BUSY), REQUEST, { signal: AbortSignal.abort(reason) });
    await assert.rejects(asked, (error) => error === reason && !KitError.is(error));
  });
});
