/** Which answer a request gets, and when its pieces come. */
import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { ManualTime } from '../limits/support/manual-time.js';
import { parseResponse } from '../support/raw-http.js';
import { jsonOf, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { until } from '../support/until.js';
import { chat, exchangeRaw, readExchanges, startRecording, startReplay } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
after(() => upstream.close());

const bodyOf = async (url: string, request = chat('Hi')) => parseResponse((await exchangeRaw(url, request)).bytes).body;

/** A cassette of chats with these contents, which were answered with the number of the request. */
async function recordNumbers(context: TestContext, ...contents: string[]): Promise<string> {
  let number = 0;
  upstream.answerChat(() => ({ steps: [`answer ${number++}`] }));
  const recording = await startRecording(context, upstream.url);
  for (const content of contents) await exchangeRaw(recording.url, chat(content, { temperature: 1, max_tokens: 5 }));
  await recording.close();
  return recording.path;
}

/** A cassette of one stream whose pieces came after 100, 150 and 1150 ms, and its end after 1200. */
async function recordTimed(context: TestContext): Promise<string> {
  const time = new ManualTime();
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const [start, second, third, end] = gates.map(({ promise }) => promise);
  upstream.answerChat({ before: [start!], steps: ['one', second!, 'two', third!, 'three', end!] });
  const recording = await startRecording(context, upstream.url, { clock: time });
  let received = '';
  const answer = exchangeRaw(recording.url, chat('Hi'), (bytes) => {
    received = bytes.toString();
  });
  const asked = upstream.requests.length;
  await until('it has been asked', () => upstream.requests.length > asked);
  for (const [index, [ms, text]] of (
    [
      [100, 'one'],
      [50, 'two'],
      [1000, 'three'],
    ] as const
  ).entries()) {
    await time.pass(ms);
    gates[index]?.resolve();
    await until(`${text} has come`, () => received.includes(text));
  }
  await time.pass(50);
  gates[3]?.resolve();
  await answer;
  await recording.close();
  return recording.path;
}

describe('the pieces of an answer', () => {
  test('are recorded with their times', async (context) => {
    const [exchange] = await readExchanges(await recordTimed(context));
    const { response, end } = exchange ?? assert.fail('nothing was recorded');
    assert.deepEqual(response?.chunks, [
      { at: 100, text: 'one' },
      { at: 150, text: 'two' },
      { at: 1150, text: 'three' },
    ]);
    assert.deepEqual([response?.at, end], [100, { at: 1200 }]);
  });

  for (const speed of [1, 10, 0.5]) {
    test(`come at these times in the replay, at ${speed} times the speed`, async (context) => {
      const path = await recordTimed(context);
      const time = new ManualTime();
      const replay = await startReplay(context, path, { clock: time, timers: time, speed });
      const start = time.now();
      const seen: [number, string][] = [];
      let isOver = false;
      const answer = exchangeRaw(replay.url, chat('Hi'), (bytes) => {
        for (const text of ['one', 'two', 'three']) {
          if (bytes.includes(text) && !seen.some(([, known]) => known === text)) seen.push([time.now() - start, text]);
        }
        isOver = bytes.toString().endsWith('0\r\n\r\n');
      });
      for (const [at, count] of [
        [100, 1],
        [150, 2],
        [1150, 3],
      ] as const) {
        await until('it waits', () => time.timers === 1);
        await time.pass(at / speed - (time.now() - start) - 1 / speed);
        assert.equal(seen.length, count - 1);
        await time.pass(1 / speed);
        await until('a piece has come', () => seen.length === count);
      }
      assert.equal(isOver, false);
      await until('it waits', () => time.timers === 1);
      await time.pass(50 / speed);
      await answer;
      assert.deepEqual(seen, [
        [100 / speed, 'one'],
        [150 / speed, 'two'],
        [1150 / speed, 'three'],
      ]);
    });
  }

  test('do not wait for each other between requests', async (context) => {
    const path = await recordTimed(context);
    const time = new ManualTime();
    const replay = await startReplay(context, path, { clock: time, timers: time, speed: 1 });
    const answers = Array.from({ length: 20 }, () => bodyOf(replay.url));
    await until('all wait', () => time.timers === 20);
    await time.pass(2000);
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(['onetwothree']));
  });

  test('wait for a client that does not take them', async (context) => {
    const size = 8 * 1024 * 1024;
    upstream.answerChat(streamOf(...Array.from({ length: 8 }, () => 'x'.repeat(size / 8))));
    const recording = await startRecording(context, upstream.url);
    await exchangeRaw(recording.url, chat('Hi'));
    await recording.close();
    const replay = await startReplay(context, recording.path);
    assert.equal((await bodyOf(replay.url)).length, size);
  });
});

describe('a request', () => {
  test('gets the answers of its equals in their order, and then the first again', async (context) => {
    const path = await recordNumbers(context, 'a', 'b', 'a');
    const { url } = await startReplay(context, path);
    const ask = (content: string) => bodyOf(url, chat(content, { temperature: 1, max_tokens: 5 }));
    assert.deepEqual(
      [await ask('a'), await ask('a'), await ask('b'), await ask('a')],
      ['answer 0', 'answer 2', 'answer 1', 'answer 0'],
    );
  });

  test('gets a 404 after the last answer, where that is wished', async (context) => {
    const { url } = await startReplay(context, await recordNumbers(context, 'a'), { whenExhausted: 'error' });
    const ask = chat('a', { temperature: 1, max_tokens: 5 });
    assert.equal(await bodyOf(url, ask), 'answer 0');
    assert.match(await bodyOf(url, ask), /cassette\.ndjson has no further answer to this request: all 1 were given\./);
  });

  test('is the same one with its keys in another order, with another key and for another user', async (context) => {
    const { url } = await startReplay(context, await recordNumbers(context, 'a'));
    const { body, ...sent } = chat(
      'a',
      { max_tokens: 5, temperature: 1, user: 'somebody' },
      { authorization: 'Bearer other-key' },
    );
    const reordered = Object.fromEntries(Object.entries(JSON.parse(String(body))).reverse());
    assert.equal(await bodyOf(url, { ...sent, body: JSON.stringify(reordered, null, 2) }), 'answer 0');
  });

  test('that was not recorded gets a 404 that names the nearest one, and no text of it', async (context) => {
    const { url } = await startReplay(context, await recordNumbers(context, 'a secret prompt', 'another'));
    const answer = parseResponse(
      (await exchangeRaw(url, chat('a secret prompt', { temperature: 1, max_tokens: 6 }))).bytes,
    );
    assert.equal(answer.status, 404);
    const { error } = JSON.parse(answer.body) as { error: { message: string; code: string } };
    assert.equal(error.code, 'not_recorded');
    assert.equal(
      error.message,
      'cassette.ndjson has no answer to this request; nearest is POST /v1/chat/completions of line 2: max_tokens differs.',
    );
    const other = parseResponse((await exchangeRaw(url, { path: '/v1/model' })).bytes);
    assert.match(other.body, /nearest is POST \/v1\/chat\/completions of line 2: method or path differs\./);
  });

  test('that was not recorded gets the answer to the nearest one of its path, where that is wished', async (context) => {
    const { url } = await startReplay(context, await recordNumbers(context, 'a', 'b'), { onMiss: 'nearest' });
    assert.equal(await bodyOf(url, chat('b', { temperature: 0, max_tokens: 5 })), 'answer 1');
    assert.equal(parseResponse((await exchangeRaw(url, { path: '/v1/models' })).bytes).status, 404);
  });

  test('of a form is the same one with another boundary', async (context) => {
    upstream.answer('/v1/files', jsonOf({ id: 'file-1' }));
    const upload = (boundary: string) => ({
      method: 'POST',
      path: '/v1/files',
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `--${boundary}\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--${boundary}--\r\n`,
    });
    const recording = await startRecording(context, upstream.url);
    await exchangeRaw(recording.url, upload('one-boundary'));
    await recording.close();
    const { url } = await startReplay(context, recording.path);
    assert.equal(await bodyOf(url, upload('another-one')), '{"id":"file-1"}');
  });

  test('is answered for itself among many at the same time', async (context) => {
    const contents = Array.from({ length: 30 }, (_, index) => `content ${index}`);
    upstream.answerChat(({ json }) => ({ steps: [json.messages[0].content] }));
    const recording = await startRecording(context, upstream.url);
    await Promise.all(contents.map((content) => exchangeRaw(recording.url, chat(content))));
    await recording.close();
    const { url } = await startReplay(context, recording.path);
    assert.deepEqual(await Promise.all(contents.map((content) => bodyOf(url, chat(content)))), contents);
  });
});
