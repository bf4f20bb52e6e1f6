/**
 * The engine behind the server: takes as long, and counts as many tokens, as each prompt says. It counts how often each
 * job was done, and answers 503 while it is told to. Prints its port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type BatchJob, readPrompt } from '../job-text.js';

/** How often each job was done to its end. */
const done = new Map<string, number>();
let outage: readonly [from: number, until: number] | undefined;

const server = createServer((request, response) => void answer(request, response));
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/done') return sendJson(response, 200, Object.fromEntries(done));
  if (request.method === 'GET') return sendJson(response, 200, { object: 'list', data: [{ id: 'stub' }] });
  const body = await readBody(request);
  if (request.url === '/outage') {
    outage = JSON.parse(body) as [number, number];
    return sendJson(response, 200, {});
  }
  const { messages } = JSON.parse(body) as { messages: { content: string }[] };
  await work(readPrompt(messages[0]!.content), response);
}

async function work(job: BatchJob, response: ServerResponse): Promise<void> {
  const now = Date.now();
  if (outage !== undefined && now >= outage[0] && now < outage[1]) {
    return sendJson(response, 503, { error: { message: 'Overloaded', type: 'server_error', code: null } });
  }
  await delay(job.durationMs);
  if (response.destroyed) return;
  done.set(job.id, (done.get(job.id) ?? 0) + 1);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(
    `${chunks(job)
      .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
      .join('')}data: [DONE]\n\n`,
  );
}

function chunks({ promptTokens, answerTokens }: BatchJob): object[] {
  const head = { id: 'stub', object: 'chat.completion.chunk', created: 1, model: 'stub' };
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: answerTokens,
    total_tokens: promptTokens + answerTokens,
  };
  return [
    { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: 'Done' }, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { ...head, choices: [], usage },
  ];
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  for await (const text of request) body += text;
  return body;
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
