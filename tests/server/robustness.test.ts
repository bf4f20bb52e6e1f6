/** Thousands of generated and mutated bodies at the real server: only documented statuses and envelopes come back. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { startPlumb, type TestServer } from '../support/plumb.js';

/** Bodies a run: the promise is at least 5,000. */
const RUNS = 5_200;
/** Bodies under way at once. */
const PARALLEL = 16;
const DOCUMENTED = new Set([200, 400, 413, 415, 422]);

const VALID = {
  model: 'deepseek-chat',
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'done' },
    { role: 'user', content: 'Go on' },
  ],
  max_tokens: 2,
  temperature: 0.5,
  top_p: 0.9,
  stop: ['x'],
  stream: false,
  seed: 1,
  thinking: { type: 'disabled' },
  user_id: 'u',
};

let plumb: TestServer;
const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
before(async () => {
  plumb = await startPlumb({ settings: { engine: { sequences: 8, context_tokens: 512 } } });
});
after(async () => {
  agent.destroy();
  await plumb.stop();
});

/** The valid body with one place replaced by any JSON value. */
const withOneChange = fc
  .tuple(fc.constantFrom(...paths(VALID)), fc.jsonValue())
  .map(([path, value]) => replaceAt(VALID, path, value));
/** The text of the valid body with some characters cut out, doubled or replaced. */
const mutatedText = fc
  .tuple(fc.nat(JSON.stringify(VALID).length - 1), fc.nat(8), fc.string({ unit: 'binary', maxLength: 6 }))
  .map(
    ([at, length, inserted]) =>
      JSON.stringify(VALID).slice(0, at) + inserted + JSON.stringify(VALID).slice(at + length),
  );
const bodies = fc.oneof(
  { weight: 5, arbitrary: withOneChange.map((value) => Buffer.from(JSON.stringify(value))) },
  { weight: 3, arbitrary: mutatedText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
);

test('no body gets anything but a documented status with its envelope', async () => {
  const sample = fc.sample(bodies, { numRuns: RUNS });
  let next = 0;
  const seen = new Map<number, number>();
  const worker = async () => {
    while (next < sample.length) {
      const body = sample[next++]!;
      const { status, text } = await post(body);
      seen.set(status, (seen.get(status) ?? 0) + 1);
      check(status, text, body);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  assert.ok((seen.get(200) ?? 0) > 0, 'some of the bodies must be right ones');
  assert.ok((seen.get(400) ?? 0) > RUNS / 4, 'many of the bodies must be wrong ones');
  assert.equal((await plumb.chat(VALID)).status, 200);
});

function check(status: number, text: string, body: Buffer): void {
  const context = `${status} ${text.slice(0, 300)} for ${body.toString().slice(0, 400)}`;
  assert.ok(DOCUMENTED.has(status), context);
  if (text.startsWith('data: ')) return;
  const answer = JSON.parse(text.trim());
  if (status === 200) assert.equal(answer.object, 'chat.completion', context);
  else assert.deepEqual(Object.keys(answer.error), ['message', 'type', 'param', 'code'], context);
}

function post(body: Buffer): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${plumb.url}/v1/chat/completions`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${plumb.key}`,
          'content-type': 'application/json',
          'content-length': body.length,
        },
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

type Path = readonly (string | number)[];

/** Every place of a JSON value, the whole first. */
function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, child]) => paths(child, [...at, Array.isArray(value) ? Number(key) : key])),
  ];
}

function replaceAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((child, index) => (index === key ? replaceAt(child, rest, replacement) : child));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaceAt(object[key], rest, replacement) };
}
