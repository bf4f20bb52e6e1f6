/** A plain stream goes through the server as bytes: nothing of it is written anew, and next to nothing is parsed. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { countParsed } from '../support/count-parsed.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { until } from '../support/until.js';
import { type PlainUpstream, startPlainUpstream, writeEvents } from './support/plain-upstream.js';

/** Texts as engines write them into JSON: Latin, Chinese, an emoji, line ends and quotes escaped. */
const LITERALS = [
  ...Array.from({ length: 60 }, (_, index) => `" word${index}"`),
  ...['"你好"', '",世界"', '" 👋🏽"', '"\\n\\n"', '" \\"quoted\\""', '"\\\\back"', '" é"'],
  ...Array.from({ length: 60 }, (_, index) => `" later${index}"`),
];
const EVENTS = writeEvents(LITERALS);

/** In which pieces the same bytes come. */
const CUTS: Readonly<Record<string, readonly Uint8Array[]>> = {
  'all at once': [EVENTS],
  'event by event': splitEvents(EVENTS),
  'several events and a part of one at a time': cut(EVENTS, 1_000),
  'parts of events': cut(EVENTS, 97),
  'a few bytes at a time, inside characters too': cut(EVENTS, 5),
};

for (const [name, pieces] of Object.entries(CUTS)) {
  test(`the bytes of the text reach the client as they are: ${name}`, async (context) => {
    const { server, upstream } = await start(context);
    upstream.stream(pieces);
    assert.deepEqual(literalsOf(await stream(server)), LITERALS);
  });
}

test('one stream parses no JSON but the body of its request and at most one chunk, once its engine is known', async (context) => {
  const { server, upstream } = await start(context);
  upstream.stream(CUTS['event by event']!);
  await stream(server);
  const parsed = await countParsed(() => stream(server));
  assert.ok(parsed <= 2, `JSON was parsed ${parsed} times`);
});

test('however long a stream is, the same few chunks of it are parsed', async (context) => {
  const { server, upstream } = await start(context);
  const count = async (words: number) => {
    upstream.stream(splitEvents(writeEvents(Array.from({ length: words }, (_, index) => `" word${index}"`))));
    await stream(server);
    return countParsed(() => stream(server));
  };
  // Less than one read of the socket takes, so that no event comes in two parts.
  assert.equal(await count(250), await count(50));
});

async function start(context: TestContext): Promise<{ server: TestServer; upstream: PlainUpstream }> {
  const upstream = await startPlainUpstream();
  context.after(() => upstream.close());
  const server = await startPlumb({
    settings: {
      pools: { plain: { engines: { one: { kind: 'openai', url: upstream.url, model: 'plain' } } } },
      models: [{ id: 'deepseek-chat', aliases: [], pool: 'plain', thinking: 'disabled', owned_by: 'test' }],
    },
    start: { model: {} },
  });
  context.after(() => server.stop());
  await until('the engine is found well', () => server.server.platform.engines.notReady().length === 0);
  return { server, upstream };
}

/** The text of a whole stream. */
async function stream(server: TestServer): Promise<string> {
  const messages = [{ role: 'user', content: 'Hello' }];
  const answer = await server.chat({ model: 'deepseek-chat', stream: true, messages });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.ok(text.endsWith('data: [DONE]\n\n'), text.slice(-200));
  return text;
}

/** The texts of a stream that are not empty, as the JSON literals that they came in. */
function literalsOf(text: string): string[] {
  return [...text.matchAll(/"content":("(?:[^"\\]|\\.)+")/g)].map(([, literal]) => literal!);
}

function splitEvents(bytes: Buffer): Uint8Array[] {
  return bytes
    .toString()
    .split(/(?<=\n\n)/)
    .map((event) => Buffer.from(event));
}

function cut(bytes: Buffer, length: number): Uint8Array[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * length, (index + 1) * length));
}
