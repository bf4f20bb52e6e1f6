/** No key gets into a cassette, and no prompt and no answer where that is wished. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { EventDecoder } from '@plumb/wire';
import { parseResponse, type RawRequest } from '../support/raw-http.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { chat, exchangeRaw, readExchanges, readLines, startRecording, startReplay } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
after(() => upstream.close());

const KEY = 'sk-0123456789abcdefSECRET';
const OPAQUE_KEY = 'Zq8-opaque.key_of/another+vendor';

async function record(
  context: TestContext,
  script: Script,
  request: RawRequest,
  prompts: 'kept' | 'scrubbed' = 'kept',
): Promise<{ path: string; text: string }> {
  upstream.answer(request.path.split('?')[0] ?? '', script);
  const recording = await startRecording(context, upstream.url, { prompts });
  await exchangeRaw(recording.url, request);
  await recording.close();
  return { path: recording.path, text: await readFile(recording.path, 'utf8') };
}

const delta = (more: object) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: more }] })}\n\n`;

describe('a key is in no cassette', () => {
  const headers: Record<string, string> = {
    authorization: `Bearer ${OPAQUE_KEY}`,
    'x-api-key': KEY,
    'api-key': KEY,
    'x-goog-api-key': OPAQUE_KEY,
    cookie: `session=${OPAQUE_KEY}`,
    'proxy-authorization': `Basic ${Buffer.from(`me:${OPAQUE_KEY}`).toString('base64')}`,
  };

  test('that was in headers of the request, in its address, in its body', async (context) => {
    const request = {
      ...chat(`my key is ${KEY}`, {}, headers),
      path: `/v1/chat/completions?api_key=${OPAQUE_KEY}&a=1`,
    };
    const { text } = await record(context, jsonOf({}), request);
    assert.ok(
      !text.includes(KEY) && !text.includes(OPAQUE_KEY) && !text.includes(headers['proxy-authorization'] ?? ''),
      text,
    );
    assert.match(text, /"authorization":"\[scrubbed\]"/);
  });

  test('that the answer repeats: in a header, in a cookie, in an error', async (context) => {
    const script = jsonOf({ error: { message: `Wrong key ${OPAQUE_KEY}, or ${KEY}` } }, 401, {
      'set-cookie': `token=${KEY}`,
      'x-your-key': OPAQUE_KEY,
    });
    const { path, text } = await record(context, script, chat('Hi', {}, headers));
    assert.ok(!text.includes(KEY) && !text.includes(OPAQUE_KEY) && !text.includes('set-cookie'), text);
    const replay = await startReplay(context, path);
    const answer = parseResponse((await exchangeRaw(replay.url, chat('Hi'))).bytes);
    assert.equal(
      answer.body.length,
      JSON.stringify({ error: { message: `Wrong key ${OPAQUE_KEY}, or ${KEY}` } }).length,
    );
  });

  test('that comes in pieces: of the connection, and of the stream, token by token', async (context) => {
    const pause = new Promise((resolve) => setTimeout(resolve, 5));
    const tokens = ['It is ', 'sk', '-0123', '456789ab', 'cdefSECRET', ' indeed'].map((content) => delta({ content }));
    const { path, text } = await record(
      context,
      streamOf(`: ${KEY.slice(0, 9)}`, pause, `${KEY.slice(9)}\n\n`, ...tokens),
      chat('Hi'),
    );
    assert.ok(!/SECRET|cdef/.test(text), text);
    const replay = await startReplay(context, path);
    const { body } = parseResponse((await exchangeRaw(replay.url, chat('Hi'))).bytes);
    const said = new EventDecoder()
      .push(Buffer.from(body))
      .map(({ data }) => (JSON.parse(data) as { choices: { delta: { content: string } }[] }).choices[0]?.delta.content);
    assert.equal(said.join(''), `It is sk-${'x'.repeat(KEY.length - 3)} indeed`);
  });

  test('that is in a packed answer, which is recorded unpacked then', async (context) => {
    const body = gzipSync(JSON.stringify({ key: KEY }));
    const { path, text } = await record(
      context,
      { headers: { 'content-encoding': 'gzip', 'content-length': String(body.length) }, steps: [body] },
      chat('Hi'),
    );
    assert.ok(!text.includes(KEY) && !text.includes('content-encoding') && !text.includes('base64'), text);
    const replay = await startReplay(context, path);
    const answer = parseResponse((await exchangeRaw(replay.url, chat('Hi'))).bytes);
    assert.match(answer.body, /^\{"key":"sk-x+"\}$/);
  });

  test('for an answer that nobody can look into is left out, and that is noted', async (context) => {
    const { path, text } = await record(
      context,
      { headers: { 'content-encoding': 'secret-zip' }, steps: [KEY] },
      chat('Hi'),
    );
    assert.ok(!text.includes(KEY));
    assert.match(JSON.stringify((await readLines(path))[1]), /packed in a way that cannot be searched/);
  });

  test('and what is no key stays as it is', async (context) => {
    const content = 'The bearer securities of a risk-management task, eyes, hf and sk-1.';
    const { text } = await record(context, jsonOf({ content }), chat(content));
    assert.equal(text.split(content).length, 3, text);
  });
});

describe('a scrubbed cassette', () => {
  const PROMPT = 'whisper';
  const ANSWER = 'murmur';
  const secretWords = new RegExp(`${PROMPT}|${ANSWER}|city|Paris|99`, 'i');
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { city: PROMPT } } }];
  const request = chat(PROMPT, { tools, user: PROMPT });

  test('holds no word of prompts and answers, streamed', async (context) => {
    const call = (more: object, index = 0) => delta({ tool_calls: [{ index, ...more }] });
    const script = streamOf(
      `: ${ANSWER}\n\n`,
      delta({ role: 'assistant', reasoning_content: ANSWER }),
      delta({ content: `${ANSWER} "€"` }),
      call({ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '' } }),
      call({ function: { arguments: '{"city": ' } }),
      call({ id: 'call_2', type: 'function', function: { name: 'get_time', arguments: '{"city":9' } }, 1),
      call({ function: { arguments: '"Paris"}' } }),
      call({ function: { arguments: '9}' } }, 1),
      `data: {"choices":[{"index":0,"logprobs":{"content":[{"token":"${ANSWER}","logprob":-0.99,"bytes":[99,99]}]}}]}\n\n`,
      'data: [DONE]\n\n',
    );
    const { path, text } = await record(context, script, request, 'scrubbed');
    assert.doesNotMatch(
      text.replaceAll(/"(?:at|recorded_at|match|salt|upstream|host|date)":"?[^,}"]*/gi, ''),
      secretWords,
    );
    const replay = await startReplay(context, path);
    const { body } = parseResponse((await exchangeRaw(replay.url, request)).bytes);
    assert.equal(
      Buffer.byteLength(body),
      script.steps?.reduce((sum, step) => sum + Buffer.byteLength(String(step)), 0),
    );
    const events = new EventDecoder().push(Buffer.from(body)).map(({ data }) => data);
    assert.equal(events.at(-1), '[DONE]');
    // Calls keep their names and can be parsed.
    const calls = events.slice(0, -1).flatMap((data) => JSON.parse(data).choices[0].delta?.tool_calls ?? []);
    const argumentsOf = (index: number) =>
      calls
        .filter((one) => one.index === index)
        .map((one) => one.function.arguments)
        .join('');
    assert.deepEqual([JSON.parse(argumentsOf(0)), JSON.parse(argumentsOf(1))], [{}, {}]);
    assert.deepEqual(calls.map((one) => one.function.name).filter(Boolean), ['get_weather', 'get_time']);
  });

  const forms: Record<string, Script> = {
    'as one object': jsonOf({
      id: 'a',
      choices: [{ message: { role: 'assistant', content: ANSWER } }],
      usage: { total_tokens: 5 },
    }),
    'as an error': jsonOf({ error: { message: `not ${PROMPT}`, type: 'invalid_request_error', code: 'bad' } }, 400),
    'as an embedding': jsonOf({ data: [{ index: 0, embedding: [0.99, -99e-1] }] }),
    'as plain text': { steps: [`${ANSWER}: ${PROMPT}`] },
    'as a stream that is cut': streamOf(`data: {"choices":[{"delta":{"content":"${ANSWER}`, 'close!'),
    packed: { headers: { 'content-encoding': 'gzip' }, steps: [gzipSync(JSON.stringify({ content: ANSWER }))] },
  };
  for (const [name, script] of Object.entries(forms)) {
    test(`holds no word of them, ${name}`, async (context) => {
      const { path } = await record(context, script, request, 'scrubbed');
      const [exchange] = await readExchanges(path);
      const { request: asked, response } = exchange ?? assert.fail('nothing was recorded');
      assert.doesNotMatch(
        JSON.stringify([asked.path, asked.body, response?.chunks.map(({ text }) => text)]),
        secretWords,
      );
      assert.deepEqual(asked.body, { bytes: Buffer.byteLength(String(request.body)), model: 'far' });
      assert.deepEqual(
        response?.chunks.filter(({ base64 }) => base64 !== undefined),
        [],
      );
    });
  }

  test('keeps what numbers and names of the protocol say', async (context) => {
    const { path } = await record(context, forms['as one object'] ?? {}, request, 'scrubbed');
    const [exchange] = await readExchanges(path);
    const said = JSON.parse(exchange?.response?.chunks[0]?.text ?? '');
    assert.deepEqual(said, {
      id: 'a',
      choices: [{ message: { role: 'assistant', content: 'xxxxxx' } }],
      usage: { total_tokens: 5 },
    });
  });

  test('still knows which request is which, and another cassette writes it in another way', async (context) => {
    upstream.answerChat(({ json }) => ({ steps: [json.messages[0].content === 'a' ? '1' : '22'] }));
    const paths: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const recording = await startRecording(context, upstream.url, { prompts: 'scrubbed' });
      await exchangeRaw(recording.url, chat('a'));
      await exchangeRaw(recording.url, chat('b'));
      await recording.close();
      paths.push(recording.path);
    }
    const replay = await startReplay(context, paths[0] ?? '');
    const lengths = await Promise.all(
      ['b', 'a'].map(
        async (content) => parseResponse((await exchangeRaw(replay.url, chat(content))).bytes).body.length,
      ),
    );
    assert.deepEqual(lengths, [2, 1]);
    const miss = parseResponse((await exchangeRaw(replay.url, chat('c'))).bytes);
    assert.match(miss.body, /of line 2: its body differs, by 0 bytes; prompts were scrubbed\./);
    const [one, other] = await Promise.all(paths.map(async (path) => (await readExchanges(path))[0]?.request.match));
    assert.notEqual(one, other);
  });

  test('is not gone on with where prompts are kept', async (context) => {
    const { path } = await record(context, jsonOf({}), request, 'scrubbed');
    await assert.rejects(
      startRecording(context, upstream.url, { path }),
      /was begun with prompts scrubbed: record into another file/,
    );
  });
});
