/** Clients that take their answers slowly hold up the engine, not the memory of the server, and nobody else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { ANSWER } from '../support/answering-engine.js';
import { startFaultyUpstream } from '../support/faulty-upstream.js';
import { renderRequest } from '../support/raw-http.js';
import { type SpawnedServer, spawnServer } from '../support/spawn-server.js';

const STREAMS = 1000;
/** What the engine would send of each answer if it were let: far more than sockets hold between it and the client. */
const ANSWER_BYTES = 8 * 1024 * 1024;
/** What a stalled stream may cost the server, whatever its answer is long: full buffers of two sockets, read in 64 KiB. */
const MEMORY_PER_STREAM_BYTES = 512 * 1024;

/** Memory of another process is read from there. */
const hasNoProc = existsSync('/proc/self/status') ? false : 'there is no /proc on this system';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
const TEXT = 'x'.repeat(4096);
const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' };
const choices = [{ index: 0, delta: { content: TEXT }, logprobs: null, finish_reason: null }];
const EVENT = Buffer.from(`data: ${JSON.stringify({ ...chunk, choices })}\n\n`);

/** An engine that sends as fast as it is read from, and counts what was taken. */
async function startEager(context: TestContext) {
  let sentBytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(HEAD);
      let left = ANSWER_BYTES;
      const send = () => {
        while (left > 0) {
          left -= EVENT.length;
          sentBytes += EVENT.length;
          if (!socket.write(EVENT)) {
            socket.once('drain', send);
            return;
          }
        }
      };
      send();
    });
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: STREAMS });
  await once(server, 'listening');
  context.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/v1`, sent: () => sentBytes };
}

const model = (id: string, pool: string) => {
  return { id, aliases: [], pool, thinking: 'disabled', owned_by: 'test' };
};

async function start(context: TestContext) {
  const eager = await startEager(context);
  const well = await startFaultyUpstream('well');
  context.after(() => well.close());
  const engine = { kind: 'openai', concurrent_requests: 2 * STREAMS };
  const settings = {
    models: [model('endless', 'eager'), model('short', 'well')],
    pools: {
      eager: { engines: { one: { ...engine, url: eager.url } }, health_interval_s: 3600 },
      well: { engines: { one: { ...engine, url: well.url } }, health_interval_s: 3600 },
    },
    default_tier: 'unlimited',
  };
  const server = await spawnServer({ dataDir: await temporaryFolder(context), settings });
  context.after(() => server.kill());
  return { server, eager };
}

/** The memory of the server's process, in bytes. */
async function memoryOf({ processId }: SpawnedServer): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(/VmRSS:\s*(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Asks for a stream and takes its head and nothing more. */
async function openSlowly(url: string, key: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const messages = [{ role: 'user', content: 'Hi' }];
  const body = JSON.stringify({ model: 'endless', messages, stream: true });
  socket.write(renderRequest({ method: 'POST', path: '/v1/chat/completions', headers, body }));
  await once(socket, 'readable');
  return socket;
}

describe('a thousand clients that do not read', { skip: hasNoProc }, () => {
  test('keep memory within bounds, and hold up nobody else', async (context) => {
    const { server, eager } = await start(context);
    const key = server.key ?? '';
    const before = await memoryOf(server);
    const sockets = await Promise.all(Array.from({ length: STREAMS }, () => openSlowly(server.url, key)));
    context.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    // Comes to rest: what fits into sockets has been sent, and then nothing more.
    let sent = -1;
    while (sent !== eager.sent()) {
      sent = eager.sent();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(sent < (STREAMS * ANSWER_BYTES) / 2, `the engine was let send ${sent} bytes`);
    const grown = (await memoryOf(server)) - before;
    assert.ok(grown < STREAMS * MEMORY_PER_STREAM_BYTES, `memory grew by ${grown / STREAMS} bytes a stream`);

    const others = Array.from({ length: 50 }, () => askShortly(server.url, key));
    assert.deepEqual(new Set(await Promise.all(others)), new Set([ANSWER]));
  });
});

async function askShortly(url: string, key: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'short', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  const answer = (await response.json()) as { choices: { message: { content: string } }[] };
  return answer.choices[0]!.message.content;
}
