/** A small server that passes every request on to one upstream, or to what stands in its place, and its answers back. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connections } from '../../upstream/connections.js';
import { BODY_BYTES_MAX } from '../format/limits.js';
import { pairHeaders } from '../format/sent-request.js';
import { HOP_HEADERS } from '../record/recording-handler.js';
import { RelayedAnswer } from './relayed-answer.js';

/** Where recorders and replays listen unless they are told otherwise: the same port, so that clients need not know which. */
export const RELAY_PORT_DEFAULT = 8090;

export interface RelayOptions {
  /** Where all requests go, whatever their headers and addresses say. */
  readonly connections: Connections;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
}

export interface Relay {
  /** `http://host:port`. */
  readonly url: string;
  /** Breaks off what is under way and stops listening. */
  close(): Promise<void>;
}

/** Rejects with a sentence when the address cannot be taken. */
export async function startRelay({ connections, host, port }: RelayOptions): Promise<Relay> {
  const server = createServer({ noDelay: true }, (request, response) => {
    relay(connections, request, response).catch(() => response.destroy());
  });
  // A client that hangs up in the middle of a request has nothing to be told.
  server.on('clientError', (_error, socket) => socket.destroy());
  await listen(server, host, port);
  const { address, family, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await connections.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'it is taken; choose another one with --port' : error.message;
      reject(new Error(`Cannot listen on ${host}:${port}: ${reason}.`, { cause: error }));
    });
    server.listen({ host, port }, () => resolve());
  });
}

async function relay(connections: Connections, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '' } = request;
  // An address in full would name another server.
  if (!url.startsWith('/')) return refuse(response, 400, 'Ask for a path: requests go to one upstream alone.');
  const body = await readBody(request);
  if (body === undefined) return refuse(response, 413, `A body has at most ${BODY_BYTES_MAX} bytes here.`);
  const answer = new RelayedAnswer(response);
  const headers = passedHeaders(request);
  try {
    connections.dispatch({ method: method as 'GET', path: url, headers, body: body.length > 0 ? body : null }, answer);
  } catch {
    refuse(response, 400, 'This request cannot be passed on: check its method, path and headers.');
  }
}

/** Undefined when it is too long; nothing more of it is read then. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    size += (piece as Buffer).length;
    if (size > BODY_BYTES_MAX) return undefined;
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

/** Written by the connection to the upstream itself, or for this hop alone. */
const NOT_PASSED: ReadonlySet<string> = new Set([...HOP_HEADERS, 'host', 'content-length', 'expect']);

/** All headers but those of this connection, as names and values that follow each other. */
function passedHeaders({ rawHeaders, headers }: IncomingMessage): string[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const isPassed = (name: string) => !NOT_PASSED.has(name) && !named.includes(name);
  return pairHeaders(rawHeaders)
    .filter(([name]) => isPassed(name.toLowerCase()))
    .flat();
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const error = { message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' };
  const body = JSON.stringify({ error });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}
