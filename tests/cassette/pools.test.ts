/** Engines of a server's pools that are recorded, and engines that are a recording. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, describe, type TestContext, test } from 'node:test';
import type { ChatResponse } from '@plumb/wire';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { jsonOf, ScriptedUpstream, streamOf } from '../support/scripted-upstream.js';
import { until } from '../support/until.js';
import { cassettePath, chat, exchangeRaw, readExchanges, startRecording } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
after(() => upstream.close());

const KEY = 'sk-the-key-of-the-engine-0001';
const list = { data: [{ id: 'far', max_model_len: 4096 }] };
const chunk = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}]}\n\n`;
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n';

/** A server whose only engine has these settings. */
async function serve(context: TestContext, engine: object, more: object = {}): Promise<TestServer> {
  const settings = {
    ...more,
    models: [{ id: 'deepseek-chat', aliases: [], pool: 'far', thinking: 'disabled', owned_by: 'plumb' }],
    pools: {
      far: { engines: { one: { kind: 'vllm', model: 'far', ...engine } }, retries: 0 },
    },
  };
  const plumb = await startPlumb({ start: { model: {} }, settings });
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await plumb.stop();
  };
  context.after(stop);
  await until(
    'the engine is well',
    () => plumb.server.platform.pools.states()[0]?.engines[0]?.contextTokens !== undefined,
  );
  return { ...plumb, stop };
}

async function say(plumb: TestServer, content: string, more: object = {}): Promise<Response> {
  return plumb.chat({ model: 'deepseek-chat', messages: [{ role: 'user', content }], ...more });
}

async function contentOf(response: Response): Promise<string | null | undefined> {
  return ((await response.json()) as ChatResponse).choices[0]?.message.content;
}

function answerWell(): void {
  upstream.answer('/health', {});
  upstream.answer('/v1/models', jsonOf(list));
  upstream.answerChat(({ json }) =>
    streamOf(chunk('You said '), chunk(json.messages[0].content), FINISH, 'data: [DONE]\n\n'),
  );
}

/** A cassette of a server that was asked for this. */
async function recordServer(context: TestContext, contents: string[], more: object = {}): Promise<string> {
  const record = await cassettePath(context);
  const plumb = await serve(context, { url: upstream.url, api_key: KEY, record, ...more });
  for (const content of contents) await (await say(plumb, content)).text();
  await plumb.stop();
  return record;
}

describe('an engine that is recorded', () => {
  test('writes every request of the pool into the cassette, and no key', async (context) => {
    answerWell();
    const asked = upstream.requests.length;
    const path = await recordServer(context, ['a', 'b']);
    const exchanges = await readExchanges(path);
    assert.deepEqual(
      exchanges.map(({ request: { method, path } }) => `${method} ${path}`),
      ['GET /health', 'GET /v1/models', 'POST /v1/chat/completions', 'POST /v1/chat/completions'],
    );
    assert.ok(upstream.requests.length - asked >= 3);
    const text = await readFile(path, 'utf8');
    assert.ok(!text.includes(KEY), text);
    assert.match(text, /You said /);
  });

  test('writes no prompt and no answer where that is wished', async (context) => {
    answerWell();
    const path = await recordServer(context, ['whisper'], { scrub_prompts: true });
    assert.doesNotMatch(await readFile(path, 'utf8'), /whisper|You said/);
  });

  test('is a start-up error when its cassette cannot be used', async (context) => {
    const path = await cassettePath(context);
    await writeFile(path, 'notes\n');
    await assert.rejects(
      serve(context, { url: upstream.url, record: path }),
      /cassette\.ndjson, line 1: it is no JSON object$/,
    );
  });
});

describe('an engine that is replayed', () => {
  test('answers what the real one answered, streamed and not, for another account and without key and network', async (context) => {
    answerWell();
    const path = await recordServer(context, ['a', 'b']);
    const asked = upstream.requests.length;
    const plumb = await serve(context, { replay: path });
    assert.equal(await contentOf(await say(plumb, 'b')), 'You said b');
    const streamed = await (await say(plumb, 'a', { stream: true })).text();
    assert.match(streamed, /"content":"You said "[\s\S]*"content":"a"[\s\S]*\[DONE\]/);
    assert.equal(upstream.requests.length, asked);
    assert.equal(plumb.server.platform.pools.states()[0]?.engines[0]?.contextTokens, 4096);
  });

  test('says what was not recorded to the client, and stays in the pool', async (context) => {
    answerWell();
    const plumb = await serve(context, { replay: await recordServer(context, ['a']), replay_when_exhausted: 'error' });
    for (let turn = 0; turn < 8; turn++) {
      const miss = await say(plumb, 'never asked');
      assert.equal(miss.status, 400);
      assert.match(
        await miss.text(),
        /no answer to this request; nearest is POST \S+ of line 4: messages\.0\.content differs/,
      );
    }
    assert.equal((await say(plumb, 'a')).status, 200);
    assert.match(await (await say(plumb, 'a')).text(), /has no further answer to this request/);
  });

  test('answers with the nearest where that is wished', async (context) => {
    answerWell();
    const plumb = await serve(context, { replay: await recordServer(context, ['a']), replay_on_miss: 'nearest' });
    assert.equal(await contentOf(await say(plumb, 'never asked')), 'You said a');
  });

  for (const [name, script, status] of [
    ['refused with a 500', jsonOf({ error: { message: 'broken' } }, 500), 503],
    ['said that it has too much to do', jsonOf({ error: { message: 'busy' } }, 429, { 'retry-after': '1' }), 503],
    ['was reset', { before: ['reset!'] } as const, 503],
    ['broke off', streamOf(chunk('a'), new Promise((resolve) => setTimeout(resolve, 20)), 'close!'), 503],
  ] as const) {
    test(`fails where the real one ${name}, with the same line in the log`, async (context) => {
      answerWell();
      upstream.answerChat(script);
      const record = await cassettePath(context);
      const original = await serve(context, { url: upstream.url, record });
      const replayed = async (plumb: TestServer) => {
        const response = await say(plumb, 'a');
        const body = (await response.text()).replaceAll(/[0-9a-f]{32}/g, '');
        await until('it is in the log', () => plumb.lines.some(({ message }) => message === 'request'));
        const detail = plumb.lines.find(({ message, detail }) => message === 'request' && detail !== undefined)?.detail;
        return { status: response.status, body, detail };
      };
      const before = await replayed(original);
      assert.equal(before.status, status);
      await original.stop();
      assert.deepEqual(await replayed(await serve(context, { replay: record })), before);
    });
  }

  test('takes a cassette that stood before the endpoint itself', async (context) => {
    answerWell();
    const recording = await startRecording(context, upstream.url);
    const plumb = await serve(context, { url: `${recording.url}/v1`, api_key: KEY });
    assert.equal(await contentOf(await say(plumb, 'a')), 'You said a');
    await plumb.stop();
    await recording.close();
    const replaying = await serve(context, { replay: recording.path });
    assert.equal(await contentOf(await say(replaying, 'a')), 'You said a');
  });

  test('goes faster where time does', async (context) => {
    answerWell();
    const path = await recordServer(context, ['a']);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const last = JSON.parse(lines.pop() ?? '') as { response: { chunks: { at: number }[] }; end: { at: number } };
    // At the speed of the recording this would be later than any test waits.
    const hour = 3_600_000;
    for (const piece of last.response.chunks) piece.at = hour;
    last.end.at = hour;
    await writeFile(path, `${[...lines, JSON.stringify(last)].join('\n')}\n`);
    const plumb = await serve(context, { replay: path, replay_speed: 1000 }, { simulate: { time_scale: 1000 } });
    assert.equal(await contentOf(await say(plumb, 'a')), 'You said a');
  });

  test('is well where no health check was recorded', async (context) => {
    answerWell();
    const recording = await startRecording(context, upstream.url);
    await exchangeRaw(recording.url, chat('a'));
    await recording.close();
    const plumb = await serve(context, { replay: recording.path, replay_on_miss: 'nearest', context_tokens: 4096 });
    await until('it answers', async () => (await say(plumb, 'b')).status === 200);
  });

  test('is a start-up error when its cassette cannot be used', async (context) => {
    const path = await cassettePath(context);
    await assert.rejects(serve(context, { replay: path }), /cassette\.ndjson cannot be read: ENOENT/);
  });
});
