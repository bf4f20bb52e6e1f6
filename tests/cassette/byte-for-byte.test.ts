/** What was recorded is replayed byte for byte, as it comes over a socket. */
import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { after, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startPlumb } from '../support/plumb.js';
import { parseResponse, type RawRequest } from '../support/raw-http.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { chat, exchangeRaw, type RawAnswer, readExchanges, startRecording, startReplay } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
after(() => upstream.close());

const event = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;
const euro = Buffer.from(event('10 € 🙂'));
const cut = euro.indexOf(0xe2) + 1;
/** Something to wait for, so that what is before and after it comes in pieces of its own. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Records one exchange; returns what the client saw and what it sees in the replay. */
async function recordAndReplay(
  context: TestContext,
  script: () => Script,
  request: RawRequest = chat('Hi'),
): Promise<{ original: RawAnswer; replayed: RawAnswer; path: string }> {
  upstream.answerChat(script);
  const recording = await startRecording(context, upstream.url);
  const original = await exchangeRaw(recording.url, request);
  await recording.close();
  const replay = await startReplay(context, recording.path);
  return { original, replayed: await exchangeRaw(replay.url, request), path: recording.path };
}

const SCRIPTS: Record<string, () => Script> = {
  'a buffered answer': () => jsonOf({ choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße' } }] }),
  'an answer with its length': () => ({ headers: { 'content-length': '11' }, steps: ['{"a":', pause(), '"bcd"}'] }),
  'a stream in its pieces': () =>
    streamOf(': keep-alive\n\n', pause(), event('Hel'), pause(), event('lo'), 'data: [DONE]\n\n'),
  'a stream with the line ends of Windows': () => streamOf('data: {"a":1}\r\n\r', pause(), '\ndata: [DONE]\r\n\r\n'),
  'a character that is cut between two pieces': () => streamOf(euro.subarray(0, cut), pause(), euro.subarray(cut)),
  'bytes that are no text': () => ({ steps: [Buffer.from([0xff, 0x00, 0xfe, 0x0a])] }),
  'an error': () =>
    jsonOf({ error: { message: 'slow down' } }, 429, { 'Retry-After': '7', 'X-RateLimit-Remaining-Tokens': '0' }),
  'a page of HTML': () => ({
    status: 502,
    headers: { 'content-type': 'text/html' },
    steps: ['<html>Bad Gateway</html>'],
  }),
  'an answer without a body': () => ({ status: 204 }),
  'a header that comes twice': () => ({ headers: { Link: ['<a>', '<b>'] as unknown as string }, steps: ['x'] }),
  'a packed answer': () => {
    const body = gzipSync(JSON.stringify({ content: 'packed' }));
    return { headers: { 'content-encoding': 'gzip' }, steps: [body.subarray(0, 9), pause(), body.subarray(9)] };
  },
  'a stream that ends in the middle': () => streamOf(event('Hel'), pause(), 'close!'),
  'a stream that is reset in the middle': () => streamOf(event('Hel'), pause(), 'reset!'),
  'a connection that is reset before an answer': () => ({ before: ['reset!'] }),
  'a connection that is closed before an answer': () => ({ before: ['close!'] }),
};

describe('the replay has the same bytes of', () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    test(name, async (context) => {
      const { original, replayed } = await recordAndReplay(context, script);
      assert.deepEqual(replayed.bytes.toString('latin1'), original.bytes.toString('latin1'));
      assert.equal(replayed.error, original.error);
    });
  }

  test('an upstream that nothing listens at', async (context) => {
    const gone = await ScriptedUpstream.start();
    const { url } = gone;
    await gone.close();
    const recording = await startRecording(context, url);
    const original = await exchangeRaw(recording.url, chat('Hi'));
    await recording.close();
    assert.equal((await readExchanges(recording.path))[0]?.end.error?.code, 'ECONNREFUSED');
    const replay = await startReplay(context, recording.path);
    assert.deepEqual(await exchangeRaw(replay.url, chat('Hi')), original);
    assert.equal(original.error, 'ECONNRESET');
  });
});

describe('a recorder', () => {
  test('passes on what the upstream sent, status line, headers and pieces', async (context) => {
    const { original } = await recordAndReplay(context, () => streamOf(event('Hel'), pause(), euro));
    const text = original.bytes.toString();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream; charset=utf-8\r\nDate: /);
    const chunks = [event('Hel'), euro].map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`);
    assert.ok(text.endsWith(`\r\n\r\n${chunks.join('')}0\r\n\r\n`), text);
  });

  test('asks the upstream of its command line alone, whatever a request says', async (context) => {
    const other = await ScriptedUpstream.start();
    context.after(() => other.close());
    upstream.answerChat(jsonOf({}));
    const recording = await startRecording(context, upstream.url);
    const named = { ...chat('Hi'), headers: { ...chat('Hi').headers, host: `127.0.0.1:${other.port}` } };
    assert.equal(parseResponse((await exchangeRaw(recording.url, named)).bytes).status, 200);
    assert.equal(upstream.requests.at(-1)?.headers.host, `127.0.0.1:${upstream.port}`);
    const inFull = { ...chat('Hi'), path: `http://127.0.0.1:${other.port}/v1/chat/completions` };
    assert.equal(parseResponse((await exchangeRaw(recording.url, inFull)).bytes).status, 400);
    assert.equal(other.requests.length, 0);
  });

  test('gives the upstream what the client sent, its key too', async (context) => {
    upstream.answerChat(jsonOf({}));
    const recording = await startRecording(context, upstream.url);
    const sent = chat('Grüße 🙂');
    await exchangeRaw(recording.url, { ...sent, path: '/v1/chat/completions?a=1' });
    const { path, body, headers } = upstream.requests.at(-1) ?? assert.fail('nothing came');
    assert.deepEqual([path, body], ['/v1/chat/completions?a=1', sent.body]);
    assert.equal(headers.authorization, sent.headers?.authorization);
  });

  test('leaves an answer out whose client left before its end', async (context) => {
    upstream.answerChat(streamOf(event('Hel'), 'hang!'));
    const recording = await startRecording(context, upstream.url);
    const aborter = new AbortController();
    const { path, body, headers } = chat('Hi');
    const answer = await fetch(recording.url + path, {
      method: 'POST',
      body: body as string,
      headers: headers ?? {},
      signal: aborter.signal,
    });
    await answer.body?.getReader().read();
    aborter.abort();
    await upstream.requests.at(-1)?.closed;
    await recording.close();
    assert.deepEqual(await readExchanges(recording.path), []);
  });

  test('keeps a stream whose client left once it had said that it was done', async (context) => {
    upstream.answerChat(streamOf(event('Hel'), 'data: [DO', pause(), 'NE]\n\n', 'hang!'));
    const recording = await startRecording(context, upstream.url);
    const aborter = new AbortController();
    const { path, body, headers } = chat('Hi');
    const sent = { method: 'POST', body: body as string, headers: headers ?? {}, signal: aborter.signal };
    const reader = (await fetch(recording.url + path, sent)).body?.getReader();
    for (let text = ''; !text.endsWith('[DONE]\n\n'); )
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
    aborter.abort();
    await upstream.requests.at(-1)?.closed;
    await recording.close();
    const replay = await startReplay(context, recording.path);
    const { body: replayed } = parseResponse((await exchangeRaw(replay.url, chat('Hi'))).bytes);
    assert.equal(replayed, `${event('Hel')}data: [DONE]\n\n`);
  });

  test('of a pool writes the first health check that goes well, and no further one', async (context) => {
    const statuses = [503, 200, 200];
    upstream.answer('/health', (_request, number) => ({ status: statuses[number] ?? 200 }));
    const recording = await startRecording(context, upstream.url, { probesOnce: true });
    for (const status of statuses) {
      const { bytes } = await exchangeRaw(recording.url, { path: '/health' });
      assert.equal(parseResponse(bytes).status, status);
    }
    await recording.close();
    assert.deepEqual(
      (await readExchanges(recording.path)).map(({ response }) => response?.status),
      [200],
    );
  });

  test('makes a cassette that its owner alone can read', async (context) => {
    const path = (await startRecording(context, upstream.url)).path;
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const open = `${path}-open`;
    await writeFile(open, '', { mode: 0o644 });
    await startRecording(context, upstream.url, { path: open });
    assert.equal((await stat(open)).mode & 0o777, 0o600);
  });

  test('goes on with a cassette, and stops at its largest size while the traffic goes on', async (context) => {
    upstream.answerChat((_request, number) => jsonOf({ number }));
    const first = await startRecording(context, upstream.url);
    await exchangeRaw(first.url, chat('Hi'));
    await first.close();
    const { size } = await stat(first.path);
    const reasons: string[] = [];
    const second = await startRecording(context, upstream.url, {
      path: first.path,
      bytesMax: 2 * size,
      onStopped: (reason) => reasons.push(reason),
    });
    for (let turn = 0; turn < 4; turn++) {
      assert.match((await exchangeRaw(second.url, chat('Hi'))).bytes.toString(), /"number"/);
    }
    await second.close();
    assert.equal((await readExchanges(first.path)).length, 2);
    assert.equal(reasons.length, 1);
    assert.match(reasons[0] ?? '', /would become larger than \d+ bytes: record into another file$/);
    await startReplay(context, first.path);
  });
});

test('a real server is replayed byte for byte: buffered, streamed and refused', async (context) => {
  const plumb = await startPlumb({ script: 'unicode' });
  context.after(() => plumb.stop());
  const recording = await startRecording(context, `${plumb.url}/v1`);
  const authorization = `Bearer ${plumb.key}`;
  const ask = (more: object, key = authorization) =>
    chat('Hi', { model: 'deepseek-chat', max_tokens: 40, ...more }, { authorization: key });
  const requests = [
    ask({}),
    ask({ stream: true, stream_options: { include_usage: true } }),
    ask({ model: 'deepseek-reasoner', stream: true }),
    ask({ model: 'none' }),
    ask({ n: 1 }, 'Bearer sk-a-wrong-key-00000000'),
    { path: '/v1/models', headers: { authorization } },
  ];
  const originals: RawAnswer[] = [];
  for (const request of requests) originals.push(await exchangeRaw(recording.url, request));
  await recording.close();
  const replay = await startReplay(context, recording.path);
  for (const [index, request] of requests.entries()) {
    const replayed = await exchangeRaw(replay.url, request);
    assert.equal(replayed.bytes.toString('latin1'), originals[index]?.bytes.toString('latin1'));
  }
  assert.deepEqual(
    originals.map(({ bytes }) => parseResponse(bytes).status),
    [200, 200, 200, 400, 401, 200],
  );
});
