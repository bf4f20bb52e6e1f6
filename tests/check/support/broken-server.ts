/** A good server that breaks one rule: a proxy that changes its answers on their way. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An answer on its way to the client. */
export interface Passing {
  /** The request, as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely.
  readonly asked: any;
  readonly path: string;
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface BrokenServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Passes everything on to `target` and changes what comes back. */
export async function startBrokenServer(target: string, change: (answer: Passing) => void): Promise<BrokenServer> {
  const server = createServer((request, response) => void pass(request, response, target, change));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function pass(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  change: (answer: Passing) => void,
): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const sent = Buffer.concat(pieces);
  const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
  const answer = await fetch(target + request.url, {
    method: request.method ?? 'GET',
    headers: headers as Record<string, string>,
    ...(request.method === 'GET' ? {} : { body: sent }),
  });
  const passing: Passing = {
    asked: parse(sent.toString()),
    path: request.url ?? '',
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
  };
  change(passing);
  const { 'content-length': ____, 'transfer-encoding': _____, connection: ______, ...kept } = passing.headers;
  response.writeHead(passing.status, kept).end(passing.body);
}

/** Changes a JSON answer. */
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape are changed.
export function changeJson(answer: Passing, change: (value: any) => void): void {
  const value = parse(answer.body);
  if (typeof value !== 'object' || value === null) return;
  change(value);
  answer.body = JSON.stringify(value);
}

/** Changes the events of a stream; nothing where the answer is none. */
export function changeEvents(answer: Passing, change: (events: string[]) => string[]): void {
  if (!answer.headers['content-type']?.startsWith('text/event-stream')) return;
  const events = answer.body.split('\n\n').filter((event) => event !== '');
  answer.body = `${change(events).join('\n\n')}\n\n`;
}

/** Changes the JSON of one event of a stream. */
// biome-ignore lint/suspicious/noExplicitAny: chunks of every shape are changed.
export function changeChunk(event: string, change: (chunk: any) => void): string {
  const value = parse(event.replace(/^data: /, ''));
  if (value === undefined) return event;
  change(value);
  return `data: ${JSON.stringify(value)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
