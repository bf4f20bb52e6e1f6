/** An API on a real socket that a test scripts: for answers that a real server gives only in trouble. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Endpoint } from './run-plumb.js';

export type Script = (body: { readonly [field: string]: unknown }, response: ServerResponse) => void;

/** Answers each request as the script says, until the test ends. */
export async function startScriptedApi(context: TestContext, script: Script): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => script(JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'sk-scripted-key' };
}

export function sendAnswer(response: ServerResponse): void {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const message = { role: 'assistant', content: 'Hi' };
  send(response, 200, { choices: [{ index: 0, message, finish_reason: 'stop' }], usage });
}

export function sendError(response: ServerResponse, status: number, message = `No: ${status}.`): void {
  send(response, status, { error: { message, type: 'scripted', code: 'scripted' } });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
