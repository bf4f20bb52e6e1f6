/** What a client sees while nothing has been produced, and when nothing will be. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { serviceUnavailable } from '@plumb/wire';
import { contentEvent, ended, PlayedEngine } from '../support/played-engine.js';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { parseResponse, readAll, renderRequest } from '../support/raw-http.js';

const INTERVAL_S = 10;
const START_TIMEOUT_S = 600;

let now: number;
let engine: PlayedEngine;
let plumb: TestServer;
beforeEach(async () => {
  now = 1_700_000_000_000;
  engine = new PlayedEngine();
  const http = { keep_alive_interval_s: INTERVAL_S, start_timeout_s: START_TIMEOUT_S };
  plumb = await startPlumb({ engine, settings: { http }, start: { clock: { now: () => now } } });
});
afterEach(() => plumb.stop());

/** Sends a chat request and gives back what the client has received so far and in the end. */
async function open(stream: boolean) {
  const { hostname, port } = new URL(plumb.url);
  const socket = connect(Number(port), hostname);
  const pieces: Buffer[] = [];
  const waiting: (() => void)[] = [];
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece);
    for (const wake of waiting.splice(0)) wake();
  });
  const all = readAll(socket);
  const arrival = engine.next();
  const headers = { authorization: `Bearer ${plumb.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], stream });
  socket.write(renderRequest({ method: 'POST', path: '/chat/completions', headers, body }));
  const generation = await arrival;
  return {
    socket,
    generation,
    /** Waits until the client has received this text. */
    async received(text: string) {
      while (!Buffer.concat(pieces).includes(text)) await new Promise<void>((wake) => waiting.push(wake));
    },
    response: async () => parseResponse(await all),
  };
}

/** Lets time pass on the server's clock. */
function pass(seconds: number): void {
  now += seconds * 1000;
  plumb.server.platform.keepAlives.tick();
}

describe('while nothing has been produced', () => {
  test('a stream gets comments, one an interval, and then its events', async () => {
    const { generation, received, response } = await open(true);
    pass(INTERVAL_S);
    pass(INTERVAL_S - 1);
    pass(1);
    await received(': keep-alive\n\n');
    generation.sink.onEvents(contentEvent('Hi'));
    generation.sink.onEvents(contentEvent('', 'stop'));
    generation.sink.onEnd(ended());
    const { status, headers, body } = await response();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'text/event-stream');
    assert.ok(body.startsWith(': keep-alive\n\n: keep-alive\n\ndata: {'), body);
    assert.ok(body.endsWith('data: [DONE]\n\n'));
  });

  test('a buffered answer gets blank lines before its JSON', async () => {
    const { generation, received, response } = await open(false);
    pass(INTERVAL_S);
    pass(INTERVAL_S);
    await received('\n');
    generation.sink.onEvents(contentEvent('Hi'));
    generation.sink.onEvents(contentEvent('', 'stop'));
    generation.sink.onEnd(ended());
    const { status, headers, body } = await response();
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.ok(body.startsWith('\n\n{"id"'), body);
    assert.equal(JSON.parse(body).choices[0].message.content, 'Hi');
  });

  test('nothing is sent before the interval is over, so that a failure keeps its status', async () => {
    const { generation, response } = await open(true);
    pass(INTERVAL_S - 1);
    generation.sink.onFailure(serviceUnavailable());
    const { status, headers, body } = await response();
    assert.equal(status, 503);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(JSON.parse(body).error.type, 'service_unavailable_error');
  });

  test('each event puts the next keep-alive off', async () => {
    const { generation, response } = await open(true);
    pass(INTERVAL_S - 1);
    generation.sink.onEvents(contentEvent('Hi'));
    pass(INTERVAL_S - 1);
    generation.sink.onEvents(contentEvent('', 'stop'));
    generation.sink.onEnd(ended());
    assert.ok(!(await response()).body.includes('keep-alive'));
  });
});

describe('a failure after the status was sent', () => {
  test('is an error event at the end of a stream, without [DONE]', async () => {
    const { generation, response } = await open(true);
    generation.sink.onEvents(contentEvent('Hi'));
    generation.sink.onFailure(serviceUnavailable());
    const events = (await response()).body.trim().split('\n\n');
    assert.equal(events.length, 2);
    assert.equal(JSON.parse(events[1]!.replace('data: ', '')).error.type, 'service_unavailable_error');
  });

  test('is the envelope after the blank lines of a buffered answer', async () => {
    const { generation, received, response } = await open(false);
    pass(INTERVAL_S);
    await received('\n');
    generation.sink.onFailure(serviceUnavailable());
    const { status, body } = await response();
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).error.type, 'service_unavailable_error');
  });
});

describe('a request whose inference does not begin', () => {
  test('is ended after the start time-out and aborted on the engine', async () => {
    const { generation, response } = await open(false);
    pass(START_TIMEOUT_S);
    assert.equal(generation.aborted, true);
    assert.equal((await response()).status, 503);
  });

  test('is not ended once it has begun', async () => {
    const { generation, response } = await open(false);
    generation.sink.onBegun();
    pass(START_TIMEOUT_S);
    assert.equal(generation.aborted, false);
    generation.sink.onEvents(contentEvent('late', 'stop'));
    generation.sink.onEnd(ended());
    assert.equal(JSON.parse((await response()).body).choices[0].message.content, 'late');
  });
});

describe('a client that leaves', () => {
  for (const stream of [true, false]) {
    test(`aborts its generation at once, ${stream ? 'streamed' : 'buffered'}`, async () => {
      const { socket, generation, received } = await open(stream);
      generation.sink.onEvents(contentEvent('Hi'));
      if (stream) await received('Hi');
      const aborted = new Promise<void>((resolve) => {
        const watch = setInterval(() => {
          if (!generation.aborted) return;
          clearInterval(watch);
          resolve();
        }, 1);
      });
      socket.destroy();
      await aborted;
      const line = await logLine();
      assert.equal(line?.outcome, 'client_left');
    });
  }
});

describe('what the engine says out of turn', () => {
  test('such as an event that is no JSON ends a buffered answer with a 500 that gives nothing away', async () => {
    const { generation, response } = await open(false);
    generation.sink.onEvents(Buffer.from('data: {broken\n\n'));
    const { status, body } = await response();
    assert.equal(status, 500);
    assert.ok(!body.includes('broken'));
    assert.equal(generation.aborted, true);
  });

  test('such as an end without an answer is a 500 and not an empty 200', async () => {
    const { generation, response } = await open(false);
    generation.sink.onEnd(ended());
    assert.equal((await response()).status, 500);
  });
});

async function logLine() {
  while (!plumb.lines.some(({ message }) => message === 'request'))
    await new Promise((resolve) => setImmediate(resolve));
  return plumb.lines.find(({ message }) => message === 'request');
}
