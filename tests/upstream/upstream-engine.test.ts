/** The engine over real connections: streaming, aborting, pausing, packed bodies, closing. */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  type UpstreamEngine,
  type UpstreamEngineOptions,
  WHOLE_ANSWER_TOKENS_MAX,
} from '#server/engines/upstream/upstream-engine.js';
import { ManualTime, settleDown } from '../limits/support/manual-time.js';
import { jsonOf, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { until } from '../support/until.js';
import { DIALECTS, readDialect, readGolden } from './support/dialects.js';
import { createEngine, createJob } from './support/jobs.js';
import { RecordingSink } from './support/recording-sink.js';

const upstream = await ScriptedUpstream.start();
const engines: UpstreamEngine[] = [];
after(() => upstream.close());
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.close())));

function open(options: Partial<UpstreamEngineOptions> = {}): UpstreamEngine {
  const engine = createEngine({ url: upstream.url, ...options });
  engines.push(engine);
  return engine;
}

const chunk = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';
const DONE = 'data: [DONE]\n\n';
const WHOLE = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

function answer(sink: RecordingSink): string | null | undefined {
  return sink.response.choices[0]?.message.content;
}

describe('a generation', () => {
  test('asks at the path of the API with the key, and passes the answer on as it comes', async () => {
    const gate = Promise.withResolvers<void>();
    upstream.answerChat(streamOf(chunk('Hel'), gate.promise, chunk('lo'), FINISH, DONE));
    const sink = new RecordingSink();
    open({ apiKey: 'sk-secret', model: 'their-name' }).generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length === 1);
    gate.resolve();
    await sink.ended;
    assert.equal(answer(sink), 'Hello');
    const request = upstream.requests.at(-1);
    assert.deepEqual([request?.method, request?.path], ['POST', '/v1/chat/completions']);
    assert.equal(request?.headers.authorization, 'Bearer sk-secret');
    assert.equal(request?.headers['accept-encoding'], 'identity');
    assert.equal(request?.json.model, 'their-name');
  });

  test('of a text asks at the path of completions, and leaves the text as it is', async () => {
    const piece = (text: string) => `data: {"choices":[{"index":0,"text":${JSON.stringify(text)}}]}\n\n`;
    upstream.answer('/v1/completions', streamOf(piece('\n <think>'), piece('b</think>'), FINISH, DONE));
    const sink = new RecordingSink();
    open().generate({ ...createJob(), text: { prompt: 'Once', suffix: 'end' } }, sink);
    await sink.ended;
    assert.equal(answer(sink), '\n <think>b</think>');
    const { prompt, suffix, messages } = upstream.requests.at(-1)?.json ?? {};
    assert.deepEqual([prompt, suffix, messages], ['Once', 'end', undefined]);
  });

  test('of a gap is refused where the engine would pass over what comes after it', async () => {
    const sink = new RecordingSink();
    const asked = upstream.requests.length;
    open({ kind: 'llama-server' }).generate({ ...createJob(), text: { prompt: 'Once', suffix: 'end' } }, sink);
    await sink.ended;
    assert.deepEqual([sink.failure?.error.status, sink.failure?.reason?.cause], [400, 'request']);
    assert.equal(upstream.requests.length, asked);
  });

  test('keeps the chunk with the finish reason back for the ending', async () => {
    upstream.answerChat(streamOf(chunk('a'), FINISH, DONE));
    const sink = new RecordingSink();
    open().generate(createJob(), sink);
    await sink.ended;
    assert.doesNotMatch(sink.text, /"finish_reason":"/);
    assert.match(
      Buffer.from(sink.end?.lastEvents ?? []).toString(),
      /^data: .*"finish_reason":"stop".*"usage":\{.*\n\n$/,
    );
  });

  test('shows nothing before the engine has produced something', async () => {
    const gate = Promise.withResolvers<void>();
    const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n';
    upstream.answerChat(
      streamOf(': keep-alive\n\n', role, gate.promise, 'data: {"error":{"message":"no","code":500}}\n\n'),
    );
    const sink = new RecordingSink();
    open().generate(createJob(), sink);
    await until('it has begun', () => sink.begun === 1);
    gate.resolve();
    await sink.ended;
    assert.equal(sink.text, '');
    assert.deepEqual(sink.failure?.reason?.cause, 'engine');
    assert.equal(sink.failure?.usage, undefined);
  });

  test('is asked for as a whole where it is short and nobody sees its pieces, and as a stream otherwise', async () => {
    const asked = [
      { takesResponse: true, max_tokens: WHOLE_ANSWER_TOKENS_MAX, stream: false },
      { takesResponse: true, max_tokens: WHOLE_ANSWER_TOKENS_MAX + 1, stream: true },
      { takesResponse: true, max_tokens: null, stream: true },
      { takesResponse: false, max_tokens: 1, stream: true },
    ];
    for (const { takesResponse, max_tokens, stream } of asked) {
      upstream.answerChat(stream ? streamOf(chunk('Hello'), FINISH, DONE) : jsonOf(WHOLE));
      const sink = new RecordingSink(takesResponse);
      open().generate(createJob({ request: { max_tokens } }), sink);
      await sink.ended;
      assert.equal(JSON.parse(upstream.requests.at(-1)?.body ?? '').stream, stream);
      assert.equal(sink.response.choices[0]?.message.content, 'Hello');
      assert.equal(sink.text === '', takesResponse, 'events come only where somebody sees them');
    }
  });

  test('is watched no more once all of it has come, however it came', async () => {
    for (const steps of [jsonOf(WHOLE), streamOf(chunk('a'), FINISH), streamOf(chunk('a'), FINISH, DONE)]) {
      const time = new ManualTime();
      upstream.answerChat(steps);
      const sink = new RecordingSink(true);
      open({ clock: time, timers: time }).generate(createJob({ request: { max_tokens: 1 } }), sink);
      await sink.ended;
      await until('the timer finds nothing to watch', async () => {
        await time.pass(1000);
        return time.timers === 0;
      });
    }
  });

  test('does not call its sink before it has been returned', async () => {
    const engine = open();
    await engine.close();
    const sink = new RecordingSink();
    engine.generate(createJob(), sink);
    assert.equal(sink.hasEnded, false);
    await sink.ended;
    assert.equal(sink.failure?.error.status, 503);
  });

  test('uses a connection again after a complete answer', async () => {
    const body = chunk('a') + FINISH + DONE;
    // With its length, so that the body has ended for certain when its last event has come.
    upstream.answerChat({ headers: { 'content-length': String(body.length) }, steps: [body] });
    const engine = open();
    const before = upstream.connectionsMade;
    for (let turn = 0; turn < 3; turn++) {
      const sink = new RecordingSink();
      engine.generate(createJob(), sink);
      await sink.ended;
      await settleDown();
    }
    assert.equal(upstream.connectionsMade - before, 1);
  });

  test('is complete without [DONE], also when the connection breaks after the finish reason', async () => {
    for (const ending of [[], ['reset!' as const]]) {
      const gate = Promise.withResolvers<void>();
      upstream.answerChat(streamOf(chunk('a') + FINISH, gate.promise, ...ending));
      const sink = new RecordingSink();
      open().generate(createJob(), sink);
      await until('the first piece has come', () => sink.pieces.length > 0);
      gate.resolve();
      await sink.ended;
      assert.equal(sink.end?.finishReason, 'stop');
    }
  });

  test('reads one JSON body where a stream was asked for, also after blank lines and with a wrong type', async () => {
    const usage = { prompt_tokens: 4, completion_tokens: 5, total_tokens: 9 };
    const message = {
      role: 'assistant',
      content: '<think>Hm</think>Yes',
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    const whole = { choices: [{ index: 0, message, finish_reason: 'tool_calls' }], usage };
    for (const [type, before] of [
      ['application/json', ''],
      ['text/event-stream', '\n\n'],
      ['text/plain', ' \r\n'],
    ]) {
      upstream.answerChat({ headers: { 'content-type': type ?? '' }, steps: [`${before}${JSON.stringify(whole)}`] });
      const sink = new RecordingSink();
      open().generate(createJob({ thinking: true }), sink);
      await sink.ended;
      const [choice] = sink.response.choices;
      assert.deepEqual([choice?.message.reasoning_content, choice?.message.content], ['Hm', 'Yes']);
      assert.equal(choice?.message.tool_calls?.[0]?.id, 'c1');
      assert.equal(sink.end?.usage.completion_tokens, 5);
    }
  });

  test('reads a stream that is said to be something else', async () => {
    upstream.answerChat({ headers: { 'content-type': 'text/html' }, steps: [chunk('a'), FINISH, DONE] });
    const sink = new RecordingSink();
    open().generate(createJob(), sink);
    await sink.ended;
    assert.equal(answer(sink), 'a');
  });
});

describe('a packed body', () => {
  const packers = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
  };
  for (const [encoding, pack] of [...Object.entries(packers), ['deflate', deflateRawSync] as const]) {
    test(`in ${encoding} is unpacked (${pack.name})`, async () => {
      const packed = pack(readDialect('deepseek-tools'));
      upstream.answerChat({
        headers: { 'content-encoding': encoding },
        steps: [packed.subarray(0, 50), packed.subarray(50)],
      });
      const sink = new RecordingSink();
      open({ kind: 'deepseek' }).generate(createJob(DIALECTS['deepseek-tools']), sink);
      await sink.ended;
      assert.equal(
        sink.wholeText,
        readGolden('deepseek-tools')
          .split('{"finishReason"')[0]
          ?.replace('call_00_RANDOM', 'call_00_kw66qNnNto11bSfJVIdlV5Oo'),
      );
    });
  }

  test('that is broken or unknown is a failure of the engine', async () => {
    for (const encoding of ['gzip', 'deflate', 'compress']) {
      upstream.answerChat({ headers: { 'content-encoding': encoding }, steps: [chunk('plain'), FINISH] });
      const sink = new RecordingSink();
      open().generate(createJob(), sink);
      await sink.ended;
      assert.equal(sink.failure?.reason?.cause, 'engine');
      assert.match(sink.failure?.error.detail ?? '', /packed/);
    }
  });
});

describe('an abort', () => {
  test('closes the connection at once and ends with what was used so far', async () => {
    upstream.answerChat(streamOf(chunk('one'), 'hang!'));
    const sink = new RecordingSink();
    const running = open().generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    running.abort();
    running.abort();
    await sink.ended;
    await upstream.requests.at(-1)?.closed;
    assert.equal(sink.end?.finishReason, 'aborted');
    assert.equal(sink.end?.lastEvents, undefined);
    assert.deepEqual([sink.end?.usage.prompt_tokens, sink.end?.usage.completion_tokens], [10, 1]);
  });

  test('before the headers costs nothing', async () => {
    upstream.answerChat({ before: ['hang!'] });
    const sink = new RecordingSink();
    const asked = upstream.requests.length;
    const running = open().generate(createJob({ thinking: true }), sink);
    await until('it has been asked', () => upstream.requests.length > asked);
    running.abort();
    await sink.ended;
    assert.equal(sink.end?.usage.total_tokens, 0);
    await upstream.requests.at(-1)?.closed;
  });

  test('in the same turn sends no request', async () => {
    const asked = upstream.requests.length;
    const engine = open();
    const sink = new RecordingSink();
    engine.generate(createJob(), sink).abort();
    await sink.ended;
    upstream.answerChat(streamOf(chunk('a'), FINISH, DONE));
    const next = new RecordingSink();
    engine.generate(createJob(), next);
    await next.ended;
    assert.equal(upstream.requests.length, asked + 1);
  });

  test('out of the sink, at the first piece, is heard once', async () => {
    upstream.answerChat(streamOf(chunk('a') + chunk('b'), FINISH, DONE));
    const sink = new RecordingSink();
    const running = open().generate(createJob(), sink);
    sink.onPiece = () => running.abort();
    await sink.ended;
    assert.equal(sink.end?.finishReason, 'aborted');
  });

  test('of 200 streams leaves no connection open', async () => {
    upstream.answerChat(streamOf(chunk('a'), 'hang!'));
    const engine = open();
    const sinks = Array.from({ length: 200 }, () => new RecordingSink());
    const running = sinks.map((sink) => engine.generate(createJob(), sink));
    await until('all have begun', () => sinks.every(({ pieces }) => pieces.length > 0));
    assert.ok(upstream.connections >= 200);
    for (const generation of running) generation.abort();
    await Promise.all(sinks.map(({ ended }) => ended));
    await until('all connections are closed', () => upstream.connections === 0);
  });
});

describe('a pause', () => {
  const BYTES = 24 * 1024 * 1024;

  for (const encoding of ['identity', 'gzip']) {
    test(`holds the engine up until it is over (${encoding})`, async () => {
      // Text that packs badly, so that the packed body fills what the connection takes as well.
      const texts = Array.from({ length: 1024 }, () =>
        chunk(Buffer.from(crypto.getRandomValues(new Uint8Array(16 * 1024))).toString('base64')),
      );
      const stream = texts.join('') + FINISH + DONE;
      assert.ok(stream.length > BYTES - 4 * 1024 * 1024);
      const body = encoding === 'gzip' ? gzipSync(stream, { level: 1 }) : stream;
      upstream.answerChat({ headers: { 'content-encoding': encoding }, steps: [body] });
      upstream.answer('/v1/models', jsonOf({ data: [] }));
      const engine = open();
      const sink = new RecordingSink();
      const running = engine.generate(createJob(), sink);
      sink.onPiece = () => running.pause?.();
      await until('it is paused', () => sink.pieces.length > 0);
      const received = sink.pieces.length;
      for (let turn = 0; turn < 20; turn++) await engine.probe(AbortSignal.timeout(30_000));
      assert.equal(sink.pieces.length, received);
      assert.ok(upstream.unsentBytes > 0, 'the engine cannot write any more');
      sink.onPiece = () => {};
      running.resume?.();
      await sink.ended;
      assert.equal(answer(sink)?.length, texts.length * Math.ceil((16 * 1024) / 3) * 4);
    });
  }

  test('does not keep an abort from closing the connection', async () => {
    upstream.answerChat(streamOf(chunk('a'), 'hang!'));
    const sink = new RecordingSink();
    const running = open().generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    running.pause?.();
    running.abort();
    await sink.ended;
    await upstream.requests.at(-1)?.closed;
  });
});

describe('closing', () => {
  test('fails what is running with a 503 and leaves no connection', async () => {
    upstream.answerChat(streamOf(chunk('a'), 'hang!'));
    const engine = open();
    const sink = new RecordingSink();
    engine.generate(createJob(), sink);
    await until('the first piece has come', () => sink.pieces.length > 0);
    await engine.close();
    await sink.ended;
    assert.equal(sink.failure?.error.status, 503);
    assert.equal(sink.failure?.usage?.completion_tokens, 1);
    await until('the connection is closed', () => upstream.connections === 0);
  });

  test('before it was ready rejects with a sentence', async () => {
    const engine = open();
    await engine.close();
    await assert.rejects(engine.ready(), /closed before it was ready/);
  });
});
