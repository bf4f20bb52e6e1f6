/** Answers, streamed and not, from endpoints that behave and from endpoints that fail in all known ways. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chat } from '#client/chat/chat.js';
import type { KitErrorCode } from '#client/errors/kit-error.js';
import { stream } from '#client/stream/chat-stream.js';
import { startFaultyUpstream } from '../../support/faulty-upstream.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../../support/scripted-upstream.js';
import {
  answering,
  answerOf,
  chunk,
  collect,
  END,
  endpointOf,
  isKitError,
  streaming,
  textOf,
  USAGE,
} from '../support.js';

const REQUEST = { model: 'far', messages: [{ role: 'user', content: 'Hi' }] };

let upstream: ScriptedUpstream;
before(async () => {
  upstream = await ScriptedUpstream.start();
});
after(() => upstream.close());

/** Both ways of asking, after the script was set. */
function asking(script: Script) {
  upstream.answerChat(script);
  const endpoint = endpointOf(upstream.url);
  return { buffered: () => chat(endpoint, REQUEST), streamed: () => stream(endpoint, REQUEST) };
}

/** A response whose connection is lost after its first bytes, as `fetch` tells of it. */
function lost(text: string, contentType: string): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
    pull: (controller) => controller.error(new TypeError('terminated')),
  });
  return new Response(body, { headers: { 'content-type': contentType } });
}

const JSON_TYPE = { 'content-type': 'application/json' };

describe('chat', () => {
  test('asks with the key and gives the answer', async () => {
    const result = await asking(answering({ content: 'Hello', reasoning_content: 'Hm.' })).buffered();
    assert.deepEqual([result.content, result.reasoning, result.usage], ['Hello', 'Hm.', USAGE]);
    const { headers, json, path } = upstream.requests.at(-1)!;
    assert.deepEqual([path, headers.authorization], ['/v1/chat/completions', 'Bearer sk-test-key-1234']);
    assert.deepEqual(json, REQUEST);
  });

  test('reads the answer after blank lines that kept its connection alive', async () => {
    const steps = ['\n\n', '  \n', JSON.stringify(answerOf({ content: 'Hello' })), '\n'];
    assert.equal((await asking({ headers: JSON_TYPE, steps }).buffered()).content, 'Hello');
  });

  test('says what a status means, in the words of the endpoint and without the key', async () => {
    const codes: [number, KitErrorCode, boolean][] = [
      [400, 'invalid_request', false],
      [401, 'authentication', false],
      [402, 'insufficient_balance', false],
      [403, 'authentication', false],
      [404, 'invalid_request', false],
      [408, 'server_error', true],
      [409, 'server_error', true],
      [413, 'invalid_request', false],
      [422, 'invalid_request', false],
      [429, 'rate_limited', true],
      [500, 'server_error', true],
      [503, 'server_error', true],
      [529, 'server_error', true],
    ];
    for (const [status, code, retryable] of codes) {
      const message = `No, with sk-test-key-1234: ${'word '.repeat(200)}`;
      const script = jsonOf({ error: { message } }, status, { 'x-request-id': 'r-1' });
      for (const ask of [asking(script).buffered, () => asking(script).streamed().final()]) {
        await assert.rejects(
          ask(),
          isKitError(code, (error) => {
            assert.deepEqual([error.status, error.retryable, error.requestId], [status, retryable, 'r-1']);
            assert.match(error.message, /^The endpoint answered \d+: No, with sk-…: word/);
            assert.ok(error.message.length < 600);
          }),
        );
      }
    }
  });

  test('reads the words of other servers, and no pages', async () => {
    const words: [Script, RegExp][] = [
      [jsonOf({ detail: 'Not Found' }, 404), /404: "Not Found"/],
      [jsonOf({ detail: [{ loc: ['body'] }] }, 422), /422: \[\{"loc":\["body"\]\}\]/],
      [jsonOf({ error: 'model is loading' }, 400), /400: model is loading/],
      [{ status: 500, steps: ['upstream gone'] }, /500: upstream gone/],
      [{ status: 502, steps: ['<html>Bad gateway</html>'] }, /502\.$/],
    ];
    for (const [script, expected] of words) {
      await assert.rejects(asking(script).buffered(), (error: Error) => expected.test(error.message));
    }
  });

  test('an error inside of a 200 is the error that it says', async () => {
    const errors: [object, KitErrorCode][] = [
      [{ message: 'Boom', type: 'server_error' }, 'server_error'],
      [{ message: 'Boom', code: 429 }, 'rate_limited'],
      [{ message: 'Boom', type: 'rate_limit_error' }, 'rate_limited'],
      [{ message: 'Boom', type: 'invalid_request_error' }, 'invalid_request'],
    ];
    for (const [error, code] of errors) {
      const script = { headers: JSON_TYPE, steps: ['\n\n', JSON.stringify({ error })] };
      await assert.rejects(
        asking(script).buffered(),
        isKitError(code, ({ message }) => assert.match(message, /Boom/)),
      );
    }
  });

  test('an answer of nothing but blank lines, of no JSON or without choices is none', async () => {
    for (const text of ['', '\n\n\n', '<html></html>', '{"choices":', '[]', 'null', '{}', '{"choices":[]}']) {
      const script = { headers: JSON_TYPE, steps: [text] };
      await assert.rejects(asking(script).buffered(), isKitError('invalid_answer'), text);
    }
  });

  test('a connection that ends before the answer, in the middle of it, or never came', async () => {
    const reset = { headers: JSON_TYPE, steps: ['\n', 'reset!'] } as const;
    await assert.rejects(asking(reset).buffered(), isKitError('connection'));
    const half = { ...endpointOf(''), fetch: async () => lost('{"choices":[', 'application/json') };
    await assert.rejects(chat(half, REQUEST), isKitError('stream_interrupted'));
    const nobody = endpointOf('http://127.0.0.1:1/v1');
    await assert.rejects(
      chat(nobody, REQUEST),
      isKitError('connection', ({ retryable }) => assert.equal(retryable, true)),
    );
  });

  test('an answer for which the endpoint ran out of resources is an error with what had come', async () => {
    const ask = asking(answering({ content: 'Hel' }, 'insufficient_system_resource'));
    await assert.rejects(
      ask.buffered(),
      isKitError('stream_interrupted', ({ partial }) => assert.equal((partial as { content: string }).content, 'Hel')),
    );
  });

  test('an answer that was cut by max_tokens is an answer', async () => {
    assert.equal((await asking(answering({ content: 'Hel' }, 'length')).buffered()).finishReason, 'length');
  });

  test('throws the reason of its signal', async () => {
    upstream.answerChat(streamOf('hang!'));
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(chat(endpointOf(upstream.url), REQUEST, { signal }), /enough/);
  });

  test('says what the kit says: the code that no status has, and every attempt', async () => {
    const attempts = [{ startedAt: 1, durationMs: 2, reason: 'ECONNREFUSED' }];
    const error = { message: 'The connection failed.', type: 'connection', code: 'connection', attempts };
    await assert.rejects(
      asking(jsonOf({ error }, 503)).buffered(),
      isKitError('connection', (kitError) => {
        assert.deepEqual([kitError.status, kitError.attempts, kitError.retryable], [503, attempts, true]);
        assert.match(kitError.message, /answered 503: The connection failed\.$/);
      }),
    );
  });
});

describe('stream', () => {
  test('asks for usage, gives events, and the whole answer after them', async () => {
    const answer = asking(streaming({ content: 'Hello', reasoning_content: 'Hm.' })).streamed();
    const events = await collect(answer);
    assert.deepEqual([textOf(events, 'content'), textOf(events, 'reasoning')], ['Hello', 'Hm.']);
    const result = await answer.final();
    assert.deepEqual([result.content, result.usage], ['Hello', USAGE]);
    assert.deepEqual(upstream.requests.at(-1)!.json, {
      ...REQUEST,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test('gives the pieces of the text, or the whole answer at once', async () => {
    const ask = asking(streamOf(chunk({ content: 'Hel' }), chunk({ content: 'lo' }), END));
    assert.deepEqual(await collect(ask.streamed().text()), ['Hel', 'lo']);
    assert.equal((await ask.streamed().final()).content, 'Hello');
  });

  test('sends nothing before it is read', () => {
    const sent = upstream.requests.length;
    asking(streaming({})).streamed();
    assert.equal(upstream.requests.length, sent);
  });

  test('an endpoint that does not stream is read all the same', async () => {
    const events = await collect(asking(answering({ content: 'Hello' })).streamed());
    assert.deepEqual(events, [
      { type: 'content', text: 'Hello' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage: USAGE },
    ]);
  });

  test('what is cut, fails or stops in the middle is an error with what had come', async () => {
    const first = chunk({ content: 'Hel' });
    const failure = 'data: {"error":{"message":"Boom"}}\n\n';
    const answers = [
      () => asking(streamOf(first)).streamed(),
      () => asking(streamOf(first, 'data: [DONE]\n\n')).streamed(),
      () => asking(streamOf(first, failure)).streamed(),
      () => stream({ ...endpointOf(''), fetch: async () => lost(first, 'text/event-stream') }, REQUEST),
    ];
    for (const ask of answers) {
      const answer = ask();
      const isExpected = isKitError('stream_interrupted', ({ partial, retryable }) => {
        assert.equal((partial as { content: string }).content, 'Hel');
        assert.equal(retryable, true);
      });
      await assert.rejects(collect(answer), isExpected);
      await assert.rejects(answer.final(), isExpected);
    }
  });

  test('an event that is no JSON is an error with what had come', async () => {
    const answer = asking(streamOf(chunk({ content: 'Hel' }), 'data: {"choi\n\n')).streamed();
    await assert.rejects(
      answer.final(),
      isKitError('invalid_answer', ({ partial }) => assert.equal((partial as { content: string }).content, 'Hel')),
    );
  });

  test('what fails before the first event has nothing in it', async () => {
    await assert.rejects(asking(streamOf()).streamed().final(), isKitError('connection'));
    await assert.rejects(asking(streamOf(': keep-alive\n\n', 'reset!')).streamed().final(), isKitError('connection'));
    const failure = streamOf(': keep-alive\n\n', 'data: {"error":{"message":"Boom"}}\n\n');
    await assert.rejects(asking(failure).streamed().final(), isKitError('server_error'));
  });

  test('a stream that goes silent is given up', async () => {
    upstream.answerChat(streamOf(chunk({ content: 'Hel' }), 'hang!'));
    const answer = stream(endpointOf(upstream.url), REQUEST, { stallTimeoutMs: 20 });
    await assert.rejects(
      answer.final(),
      isKitError('stream_interrupted', ({ message }) => assert.match(message, /Nothing came for 20 ms/)),
    );
    await upstream.requests.at(-1)!.closed;
  });

  test('leaving the loop ends the request, and the answer is then cut', async () => {
    const answer = asking(streamOf(chunk({ content: 'Hel' }), 'hang!')).streamed();
    for await (const _ of answer) break;
    await upstream.requests.at(-1)!.closed;
    await assert.rejects(answer.final(), isKitError('stream_interrupted'));
  });

  test('abort ends the request, with its reason', async () => {
    const answer = asking(streamOf(chunk({ content: 'Hel' }), 'hang!')).streamed();
    const reading = (async () => {
      for await (const _ of answer) answer.abort(new Error('enough'));
    })();
    await assert.rejects(reading, /enough/);
    await assert.rejects(answer.final(), /enough/);
    await upstream.requests.at(-1)!.closed;
  });

  test('the signal of the caller ends it, before and after it was read', async () => {
    upstream.answerChat(streamOf(chunk({ content: 'Hel' }), 'hang!'));
    const controller = new AbortController();
    const { signal } = controller;
    const reading = (async () => {
      for await (const _ of stream(endpointOf(upstream.url), REQUEST, { signal }))
        controller.abort(new Error('enough'));
    })();
    await assert.rejects(reading, /enough/);
    await assert.rejects(stream(endpointOf(upstream.url), REQUEST, { signal }).final(), /enough/);
  });

  for (const behaviour of ['well', 'slow', 'reset mid-stream', '429', '500', '401', 'HTML body', 'garbage'] as const) {
    test(`against an upstream that answers: ${behaviour}`, async () => {
      const faulty = await startFaultyUpstream(behaviour);
      const codes: Partial<Record<typeof behaviour, KitErrorCode>> = {
        'reset mid-stream': 'stream_interrupted',
        '429': 'rate_limited',
        '500': 'server_error',
        '401': 'authentication',
        'HTML body': 'invalid_answer',
        garbage: 'connection',
      };
      const code = codes[behaviour];
      const asked = stream(endpointOf(faulty.url), REQUEST).final();
      if (code === undefined) assert.equal((await asked).finishReason, 'stop');
      else {
        const isClean = isKitError(code, ({ message }) => assert.doesNotMatch(message, /sk-upstream-secret/));
        await assert.rejects(asked, isClean);
      }
      await faulty.close();
    });
  }
});
