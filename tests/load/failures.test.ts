/** What the load generator calls the ways in which an endpoint fails, over real sockets. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { systemClock } from '#client/index.js';
import type { Sample } from '#server/load/sample.js';
import { HttpSender } from '#server/load/sender.js';
import { type BehaviourName, startFaultyUpstream } from '../support/faulty-upstream.js';
import { type Answer, jsonOf, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';

interface Sent {
  readonly sample: Sample;
  readonly gaps: readonly (number | undefined)[];
}

function senderOf(context: TestContext, baseUrl: string, timeoutMs = 10_000): HttpSender {
  const sender = new HttpSender({ baseUrl, headers: {}, connections: 4, timeoutMs, clock: systemClock });
  context.after(() => sender.close());
  return sender;
}

function send(sender: HttpSender): Promise<Sent> {
  const gaps: (number | undefined)[] = [];
  const request = { number: 0, path: '/chat/completions', body: '{"stream":true}', isStreamed: true };
  return new Promise((resolve) => {
    sender.send(request, { onToken: (gap) => gaps.push(gap), onEnd: (sample) => resolve({ sample, gaps }) });
  });
}

async function sendTo(context: TestContext, answer: Answer): Promise<Sent> {
  const upstream = await ScriptedUpstream.start();
  context.after(() => upstream.close());
  upstream.answerChat(answer);
  return send(senderOf(context, upstream.url));
}

const FAILURES: readonly (readonly [BehaviourName, kind: string | undefined, timeoutMs?: number])[] = [
  ['well', undefined],
  ['slow', undefined],
  ['hang before headers', 'timeout', 100],
  ['hang before first byte', 'timeout', 100],
  ['hang mid-stream', 'timeout', 100],
  ['reset mid-stream', 'cut_stream'],
  ['429', 'status'],
  ['500', 'status'],
  ['503', 'status'],
  ['401', 'status'],
  ['HTML body', 'invalid_answer'],
  ['garbage', 'connection'],
];

describe('an endpoint that does this', () => {
  for (const [behaviour, kind, timeoutMs] of FAILURES) {
    test(`${behaviour}: ${kind ?? 'a whole answer'}`, async (context) => {
      const upstream = await startFaultyUpstream(behaviour);
      context.after(() => upstream.close());
      const { sample } = await send(senderOf(context, upstream.url, timeoutMs));
      assert.equal(sample.failure?.kind, kind, sample.failure?.reason);
      if (kind === 'status') assert.equal(String(sample.failure?.status), behaviour);
      if (behaviour === '429') assert.equal(sample.failure?.retryAfterMs, 7000);
      assert.equal(upstream.requests, 1);
    });
  }

  test('nobody listens: connection', async (context) => {
    const port = await freePort();
    const { sample } = await send(senderOf(context, `http://127.0.0.1:${port}/v1`));
    assert.equal(sample.failure?.kind, 'connection');
    assert.match(sample.failure?.reason ?? '', /ECONNREFUSED/);
  });

  const chunk = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

  const SCRIPTS: readonly (readonly [name: string, Answer, kind: string | undefined])[] = [
    [
      'a stream that never says why it ended',
      streamOf(chunk({ content: 'a' }), 'data: [DONE]\n\n'),
      'no_finish_reason',
    ],
    ['a stream that ends without [DONE] and reason', streamOf(chunk({ content: 'a' })), 'cut_stream'],
    ['a stream that ends within an event', streamOf(chunk({ content: 'a' }), 'data: {"cho'), 'cut_stream'],
    ['a stream without [DONE]', streamOf(chunk({ content: 'a' }, 'stop')), undefined],
    [
      'a stream that is cut after [DONE]',
      () => streamOf(chunk({ content: 'a' }, 'stop'), 'data: [DONE]\n\n', written(), 'close!'),
      undefined,
    ],
    ['a stream without events', streamOf(': keep-alive\n\n'), 'invalid_answer'],
    [
      'an error within a stream',
      streamOf(chunk({ content: 'a' }), 'data: {"error":{"message":"gone"}}\n\n'),
      'error_in_answer',
    ],
    ['a 200 that is an error', jsonOf({ error: { message: 'gone' } }), 'error_in_answer'],
    ['a body without a reason', jsonOf({ choices: [{ message: {}, finish_reason: null }] }), 'no_finish_reason'],
    ['a body without choices', jsonOf({ choices: [] }), 'invalid_answer'],
    ['a redirect', jsonOf({}, 307, { location: 'http://127.0.0.1/' }), 'status'],
  ];
  for (const [name, answer, kind] of SCRIPTS) {
    test(`${name}: ${kind ?? 'a whole answer'}`, async (context) => {
      const { sample } = await sendTo(context, answer);
      assert.equal(sample.failure?.kind, kind, sample.failure?.reason);
    });
  }
});

describe('an answer', () => {
  test('counts its events with text, whatever spaces are in its JSON, and no empty ones', async (context) => {
    const event = (text: string) => `data: {"choices": [{"delta": {"content": "${text}"}, "finish_reason": null}]}\n\n`;
    const { sample, gaps } = await sendTo(
      context,
      streamOf(
        'data: {"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}\n\n',
        event('one'),
        event('\\"usage\\": {'),
        'data: {"choices": [{"delta": {"reasoning_content": "hm"}, "finish_reason": null}]}\n\n',
        'data: {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": null}\n\n',
        'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 3}}}\n\n',
        'data: [DONE]\n\n',
      ),
    );
    assert.equal(sample.failure, undefined);
    assert.deepEqual([sample.isStreamed, sample.tokenEvents, gaps.length], [true, 3, 3]);
    assert.deepEqual(sample.usage, { prompt: 9, cached: 3, answer: 4 });
    assert.equal(gaps[0], undefined);
  });

  test('that is buffered has no first token, and usage', async (context) => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
    const { sample } = await sendTo(context, jsonOf({ choices, usage: { prompt_tokens: 9, completion_tokens: 4 } }));
    assert.deepEqual([sample.isStreamed, sample.firstTokenAt, sample.usage?.answer], [false, undefined, 4]);
    assert.ok((sample.firstByteAt ?? Number.POSITIVE_INFINITY) <= sample.endedAt);
  });
});

test('one connection is used again and again, and a request that is given up ends without a word', async (context) => {
  const upstream = await ScriptedUpstream.start();
  context.after(() => upstream.close());
  upstream.answerChat(jsonOf({ choices: [{ message: {}, finish_reason: 'stop' }] }));
  const sender = senderOf(context, upstream.url);
  for (let sent = 0; sent < 5; sent += 1) {
    assert.equal((await send(sender)).sample.failure, undefined);
    // Until an answer has been told of, its connection is in use.
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([upstream.connectionsMade, sender.connections], [1, 1]);
  upstream.answerChat({ before: ['hang!'] });
  const request = { number: 0, path: '/chat/completions', body: '{}', isStreamed: false };
  const giveUp = sender.send(request, { onToken: () => assert.fail(), onEnd: () => assert.fail() });
  await new Promise<void>((resolve) => {
    const look = () => (upstream.requests.length === 6 ? resolve() : void setImmediate(look));
    look();
  });
  giveUp();
  await upstream.requests[5]?.closed;
});

/** Resolves when what was written before has gone out. */
function written(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 50));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
}
