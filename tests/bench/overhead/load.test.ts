/** The load generator and the stub upstream of the overhead benchmark against each other, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Arrival, Job, JobResult, RequestShape } from '#bench/overhead/load/protocol.js';
import { runJob } from '#bench/overhead/load/run-job.js';
import { writeBody, writeRequest } from '#bench/overhead/load/write-request.js';
import { readRequest } from '#bench/overhead/upstream/read-request.js';
import { StubUpstream } from '#bench/overhead/upstream/stub-upstream.js';

/** Loads go on for so long at first, and four times as long again and again while nothing was seen, on a busy machine. */
const DURATION_MS = 100;
const DURATION_MS_MAX = 10_000;

async function startStub(context: TestContext): Promise<number> {
  const stub = await StubUpstream.start();
  context.after(() => stub.close());
  return stub.port;
}

function describeJob(port: number, request: RequestShape, arrival: Arrival): Job {
  const target = { port, path: '/v1/chat/completions', headers: {} };
  return { target, request, arrival, warmUpMs: 20, durationMs: DURATION_MS, others: [] };
}

/** Runs a load until what is looked for was seen, or it is clear that it will not be. */
async function runUntil(job: Job, isEnough: (result: JobResult) => boolean): Promise<JobResult> {
  const result = await runJob(job);
  const durationMs = 4 * job.durationMs;
  return isEnough(result) || durationMs > DURATION_MS_MAX ? result : runUntil({ ...job, durationMs }, isEnough);
}

const hasAnswers = ({ answers }: JobResult) => answers > 0;

/** Everything that comes back for these bytes, until the server closes. */
async function exchange(port: number, pieces: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve));
  await once(socket, 'close');
  return text;
}

test('counts answers that are buffered, in a closed loop', async (context) => {
  const port = await startStub(context);
  const job = describeJob(port, { bodyBytes: 1024 }, { kind: 'closed', connections: 3 });
  const result = await runUntil(job, hasAnswers);
  assert.ok(result.answers > 0);
  assert.equal(result.latencyMs?.count, result.answers);
});

test('sends bodies of a megabyte', async (context) => {
  const port = await startStub(context);
  const job = describeJob(port, { bodyBytes: 2 ** 20 }, { kind: 'closed', connections: 2 });
  const result = await runUntil(job, hasAnswers);
  assert.ok(result.answers > 0);
});

test('answers what was planned, in an open loop', async (context) => {
  const port = await startStub(context);
  const job = describeJob(port, { bodyBytes: 1024 }, { kind: 'open', perSecond: 200 });
  const result = await runUntil(job, hasAnswers);
  assert.ok(result.answers > 0);
  assert.equal(result.unanswered, 0);
});

test('counts the chunks of streams, whole and one by one, and loses none', async (context) => {
  const port = await startStub(context);
  for (const paceUs of [0, 1000]) {
    const request = { bodyBytes: 1024, stream: { chunks: 10, paceUs } };
    const hasStamps = ({ lateMs }: JobResult) => (lateMs !== undefined) === paceUs > 0;
    const isEnough = (result: JobResult) => hasAnswers(result) && hasStamps(result);
    const result = await runUntil(describeJob(port, request, { kind: 'streams', streams: 4 }), isEnough);
    assert.ok(isEnough(result));
    assert.ok(result.chunks > 0);
    assert.equal(result.lost, 0);
  }
});

test('fails with what the server said when an answer is no success', async (context) => {
  const server = createServer((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\ncontent-length: 8\r\n\r\nno model'));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const arrival of [
    { kind: 'closed', connections: 1 },
    { kind: 'open', perSecond: 100 },
    { kind: 'streams', streams: 1 },
  ] as const) {
    const request = { bodyBytes: 1024, stream: { chunks: 1, paceUs: 0 } };
    await assert.rejects(runJob(describeJob(port, request, arrival)), /400 Bad Request: no model/);
  }
});

test('counts streams that break as lost', async (context) => {
  const server = createServer((socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'));
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const request = { bodyBytes: 1024, stream: { chunks: 1, paceUs: 0 } };
  const job = describeJob(port, request, { kind: 'streams', streams: 1 });
  const result = await runUntil(job, ({ lost }) => lost > 0);
  assert.ok(result.lost > 0);
  assert.equal(result.answers, 0);
});

test('the stub answers requests whose chunked bodies come in pieces', async (context) => {
  const port = await startStub(context);
  const body = '{"messages":[],"stream": true,"max_tokens":3}';
  const text = await exchange(port, [
    'POST /v1/chat/completions HTTP/1.1\r\nconnection: close\r\ntransfer-enc',
    'oding: chunked\r\n\r\n5\r\n',
    body.slice(0, 5),
    `\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n`,
    '\r\n',
  ]);
  assert.equal(text.match(/data: \{/g)?.length, 1 + 3 + 2);
  assert.match(text, /data: \[DONE\]\n\n\r\n0\r\n\r\n$/);
});

test('the stub lists its model and says that it is no stream when none is asked for', async (context) => {
  const port = await startStub(context);
  const list = await exchange(port, ['GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n']);
  assert.match(list, /"object":"list","data":\[\{"id":"m"/);
  const request = writeRequest(
    { port, path: '/v1/chat/completions', headers: { connection: 'close' } },
    { bodyBytes: 1024 },
  );
  const answer = await exchange(port, [request.subarray(0, 300), request.subarray(300)]);
  assert.match(answer, /"object":"chat.completion".*"total_tokens":228/);
});

test('bodies have the size that is asked for, and are what they say', () => {
  for (const bodyBytes of [1024, 32 * 1024, 100 * 1024, 2 ** 20]) {
    const body = writeBody({ bodyBytes, stream: { chunks: 5, paceUs: 20_000 } });
    assert.ok(Math.abs(body.length - bodyBytes) <= 8, `${body.length} bytes instead of ${bodyBytes}`);
    assert.deepEqual(readRequest(body), { isStream: true, chunks: 5, paceUs: 20_000 });
    const { messages } = JSON.parse(body.toString()) as { messages: { role: string }[] };
    assert.equal(messages.at(-1)?.role, 'user');
  }
});

test('the stub finds its fields behind a large prompt, too', () => {
  const text = 'x'.repeat(100_000);
  const body = Buffer.from(JSON.stringify({ a: text, stream: true, max_completion_tokens: 7, seed: 5, b: text }));
  assert.deepEqual(readRequest(body), { isStream: true, chunks: 7, paceUs: 5 });
});
