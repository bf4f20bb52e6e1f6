/** What goes wrong with an engine, over real connections: whose fault it is, and that everyone hears of it once. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { after, afterEach, describe, test } from 'node:test';
import type { UpstreamEngine, UpstreamEngineOptions } from '#server/engines/upstream/upstream-engine.js';
import { ManualTime } from '../limits/support/manual-time.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { makeSelfSigned } from '../support/self-signed.js';
import { until } from '../support/until.js';
import { createEngine, createJob } from './support/jobs.js';
import { type RecordedFailure, RecordingSink } from './support/recording-sink.js';

const upstream = await ScriptedUpstream.start();
const engines: UpstreamEngine[] = [];
after(() => upstream.close());
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

function open(options: Partial<UpstreamEngineOptions> = {}): UpstreamEngine {
  const engine = createEngine({ url: upstream.url, ...options });
  engines.push(engine);
  return engine;
}

async function fail(options: Partial<UpstreamEngineOptions> = {}): Promise<RecordedFailure & { text: string }> {
  const sink = new RecordingSink();
  open(options).generate(createJob(), sink);
  await sink.ended;
  assert.ok(sink.failure, 'it fails');
  return { ...sink.failure, text: sink.text };
}

const chunk = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;

describe('a connection that is not made', () => {
  test('because nothing listens', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const { error, reason, usage } = await fail({ url: `http://127.0.0.1:${port}/v1` });
    assert.deepEqual([error.status, reason?.cause, usage], [503, 'engine', undefined]);
    assert.match(error.detail ?? '', /nothing listens at its address.*ECONNREFUSED/);
  });

  test('because its name is not known', async () => {
    const { error, reason } = await fail({ url: 'http://engine.invalid/v1' });
    assert.equal(reason?.cause, 'engine');
    assert.match(error.detail ?? '', /its name/);
  });

  test('because it does not speak TLS', async () => {
    const { error, reason } = await fail({ url: upstream.url.replace('http:', 'https:') });
    assert.equal(reason?.cause, 'engine');
    assert.match(error.detail ?? '', /no secure connection could be made/);
  });

  test('because nobody vouches for its certificate', async (context) => {
    const tls = makeSelfSigned();
    if (typeof tls === 'string') return context.skip(tls);
    const secured = await ScriptedUpstream.start({ tls });
    context.after(() => secured.close());
    const { error, reason } = await fail({ url: secured.url, apiKey: 'sk-secret' });
    assert.equal(reason?.cause, 'engine');
    assert.match(error.detail ?? '', /no secure connection could be made; check its certificate \(DEPTH_ZERO/);
    assert.equal(secured.requests.length, 0);
  });
});

describe('an answer that is none', () => {
  const cases: [string, Script, string, RegExp][] = [
    ['500', jsonOf({ error: { message: 'boom' } }, 500), 'engine', /answered 500: boom/],
    ['401', jsonOf({ error: { message: 'bad key sk-secret' } }, 401), 'operator', /refuses the key.*\[secret\]/],
    ['429', jsonOf({ error: { message: 'slow' } }, 429, { 'retry-after': '5' }), 'busy', /too much to do/],
    ['400', jsonOf({ error: { message: 'too long' } }, 400), 'request', /too long/],
    ['a page of HTML', { headers: { 'content-type': 'text/html' }, steps: ['<html>hi</html>'] }, 'engine', /HTML/],
    ['a redirect', { status: 302, headers: { location: 'http://elsewhere/' } }, 'operator', /mend `url`/],
    ['an empty body', {}, 'engine', /empty body/],
    ['blank lines', { steps: ['\n\n', '\n'] }, 'engine', /empty body/],
    ['JSON that is no answer', jsonOf({ ok: true }), 'engine', /no chat completion/],
    ['JSON that is cut', { steps: ['{"choices":['] }, 'engine', /no chat completion/],
    ['text', { steps: ['It works!\n'] }, 'engine', /no event/],
    ['an event that is no JSON', streamOf('data: hello\n\n'), 'engine', /no JSON/],
    ['events of something else', streamOf('data: {"x":1}\n\n'), 'engine', /ended in the middle/],
    ['[DONE] alone', streamOf('data: [DONE]\n\n'), 'engine', /ended in the middle/],
    ['an error in JSON with status 200', jsonOf({ error: { message: 'x', code: 400 } }), 'request', /x/],
    ['garbage instead of HTTP', { before: ['garbage\r\n\r\n', 'close!'] }, 'engine', /no HTTP/],
    ['headers without end', { headers: { 'x-long': 'x'.repeat(40_000) } }, 'engine', /headers/],
    ['a reset', { before: ['reset!'] }, 'engine', /closed the connection/],
    [
      'a finish by error',
      streamOf('data: {"choices":[{"delta":{},"finish_reason":"error"}]}\n\n'),
      'engine',
      /could not go on/,
    ],
  ];
  for (const [name, script, cause, detail] of cases) {
    test(`${name} is the fault of: ${cause}`, async () => {
      upstream.answerChat(script);
      const { error, reason, usage, text } = await fail({ apiKey: 'sk-secret' });
      assert.equal(reason?.cause, cause);
      assert.match(error.detail ?? '', detail);
      assert.doesNotMatch(`${error.detail} ${error.message}`, /sk-secret/);
      assert.equal(error.status, cause === 'request' ? 400 : 503);
      assert.deepEqual([text, usage], ['', undefined]);
    });
  }

  test('of a long error is read up to its limit', async () => {
    upstream.answerChat({ status: 500, steps: ['x'.repeat(200_000), 'hang!'] });
    const { error } = await fail();
    assert.ok((error.detail ?? '').length < 2200);
    await upstream.requests.at(-1)?.closed;
  });

  test('whose one event is too large', async () => {
    upstream.answerChat(streamOf('data: ', ...Array.from({ length: 17 }, () => 'x'.repeat(1024 * 1024)), 'hang!'));
    const { error } = await fail();
    assert.match(error.detail ?? '', /larger than 16777216 bytes/);
    await upstream.requests.at(-1)?.closed;
  });
});

describe('an answer that breaks off', () => {
  const endings: [string, Script['steps'], RegExp][] = [
    ['ends without a finish reason', [], /ended in the middle/],
    ['is reset', ['reset!'], /closed the connection/],
    ['is closed', ['close!'], /closed the connection/],
    ['has an error event', ['data: {"error":{"message":"cuda","code":500}}\n\n', 'hang!'], /cuda/],
  ];
  for (const [name, steps = [], detail] of endings) {
    test(`because it ${name} fails with what was used so far`, async () => {
      const gate = Promise.withResolvers<void>();
      upstream.answerChat(streamOf(chunk('Half'), gate.promise, ...steps));
      const sink = new RecordingSink();
      open().generate(createJob(), sink);
      await until('the first piece has come', () => sink.pieces.length > 0);
      gate.resolve();
      await sink.ended;
      assert.equal(sink.failure?.reason?.cause, 'engine');
      assert.match(sink.failure?.error.detail ?? '', detail);
      assert.deepEqual([sink.failure?.usage?.prompt_tokens, sink.failure?.usage?.completion_tokens], [10, 1]);
      assert.match(sink.text, /Half/);
    });
  }
});

describe('a time-out', () => {
  const limits = { firstEventTimeoutMs: 1000, idleTimeoutMs: 1000 };

  test('ends a request whose answer does not begin, whatever the engine sends to keep it alive', async () => {
    for (const script of [{ before: ['hang!' as const] }, streamOf(': keep-alive\n\n', 'hang!')]) {
      const time = new ManualTime();
      upstream.answerChat(script);
      const sink = new RecordingSink();
      const asked = upstream.requests.length;
      open({ ...limits, kind: 'deepseek', timers: time, clock: time }).generate(createJob(), sink);
      await until('it has been asked', () => upstream.requests.length > asked);
      await time.pass(900);
      assert.equal(sink.hasEnded, false);
      await time.pass(300);
      await sink.ended;
      assert.deepEqual([sink.failure?.reason?.cause, sink.failure?.usage], ['engine', undefined]);
      assert.match(sink.failure?.error.detail ?? '', /did not begin to answer in time/);
      await upstream.requests.at(-1)?.closed;
      assert.equal(time.timers, 0);
    }
  });

  test('ends an answer that falls silent', async () => {
    const time = new ManualTime();
    upstream.answerChat(streamOf(chunk('a'), 'hang!'));
    const sink = new RecordingSink();
    open({ ...limits, timers: time, clock: time }).generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    await time.pass(1200);
    await sink.ended;
    assert.match(sink.failure?.error.detail ?? '', /fell silent/);
    assert.equal(sink.failure?.usage?.completion_tokens, 1);
  });

  for (const [kind, survives] of [
    ['deepseek', true],
    ['plumb', true],
    ['vllm', false],
    ['openai', false],
  ] as const) {
    test(`is ${survives ? '' : 'not '}put off by comments of a ${kind}`, async () => {
      const time = new ManualTime();
      const pieces = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
      upstream.answerChat(
        streamOf(chunk('a'), ...pieces.flatMap(({ promise }) => [promise, ': keep-alive\n\n']), 'hang!'),
      );
      const sink = new RecordingSink();
      const engine = open({ ...limits, kind, timers: time, clock: time });
      engine.generate(createJob(), sink);
      await until('the first piece has come', () => sink.pieces.length > 0);
      for (const piece of pieces) {
        await time.pass(600);
        piece.resolve();
        // What comes back after it has come after it.
        upstream.answer('/health', jsonOf({}));
        for (let turn = 0; turn < 5; turn++) await engine.probe(AbortSignal.timeout(30_000));
      }
      assert.equal(!sink.hasEnded, survives);
    });
  }

  test('does not run while the answer is paused', async () => {
    const time = new ManualTime();
    upstream.answerChat(streamOf(chunk('a'), 'hang!'));
    const sink = new RecordingSink();
    const running = open({ ...limits, timers: time, clock: time }).generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    running.pause?.();
    await time.pass(10_000);
    assert.equal(sink.hasEnded, false);
    running.resume?.();
    await time.pass(1200);
    await sink.ended;
    assert.ok(sink.failure);
  });

  test('completes an answer that hangs after its finish reason, and closes the connection', async () => {
    const time = new ManualTime();
    upstream.answerChat(streamOf(chunk('a'), 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n', 'hang!'));
    const sink = new RecordingSink();
    open({ ...limits, timers: time, clock: time }).generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    for (let turn = 0; turn < 5 && sink.end === undefined; turn++) await time.pass(1200);
    assert.equal(sink.end?.finishReason, 'stop');
    await upstream.requests.at(-1)?.closed;
  });

  test('closes a connection that stays open after [DONE]', async () => {
    const time = new ManualTime();
    const finish = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n';
    upstream.answerChat(streamOf(chunk('a'), finish, 'data: [DONE]\n\n', 'hang!'));
    const sink = new RecordingSink();
    open({ ...limits, timers: time, clock: time }).generate(createJob(), sink);
    await sink.ended;
    await time.pass(1200);
    await upstream.requests.at(-1)?.closed;
    assert.equal(time.timers, 0);
  });
});

test('user and password of the address are shown to the engine and to nobody else', async () => {
  upstream.answerChat(jsonOf({ error: { message: 'who is me:pass word?' } }, 403));
  const url = upstream.url.replace('//', '//me:pass%20word@');
  const { error } = await fail({ url });
  assert.equal(
    upstream.requests.at(-1)?.headers.authorization,
    `Basic ${Buffer.from('me:pass word').toString('base64')}`,
  );
  assert.doesNotMatch(`${error.detail}${open({ url }).address}`, /pass/);
});
