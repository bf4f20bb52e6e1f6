/** Opens the listening socket, drains it, closes it. */
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Platform } from '../platform.js';
import { handleRequest } from './handle-request.js';
import { RunningRequests } from './running-requests.js';

/**
 * Not imported: an import asks Node for every export of the module, and for one of them, a WebSocket, Node loads a whole
 * HTTP client of its own: 4 MB and 10 ms of every start.
 */
const { createServer } = process.getBuiltinModule('node:http');

/** Connections that wait to be accepted. */
const BACKLOG = 4096;
/** All headers of a request, in bytes. */
const HEADERS_BYTES_MAX = 16 * 1024;
/** How often connections are checked for passed time-outs, in ms. */
const TIMEOUT_CHECK_MS = 1000;
/** How often a draining server looks for connections that have turned idle, in ms. */
const IDLE_CHECK_MS = 50;

export interface Listener {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  /**
   * Stops accepting, lets requests under way finish for at most `timeoutMs`, also those that run on without their client,
   * then cuts what is left; at once when the signal is aborted. Returns how many connections had to be cut.
   */
  drain(timeoutMs: number, signal?: AbortSignal): Promise<number>;
  /** Resolves when the last request has been settled: its client can have left long before that. */
  settled(): Promise<void>;
}

/** Listens on the configured address. Rejects with a sentence when the address cannot be taken. */
export async function listen(platform: Platform): Promise<Listener> {
  const { host, port, workers } = platform.config;
  const running = new RunningRequests();
  const server = createServer(serverOptions(platform), (request, response) => {
    running.begin();
    void handleRequest(platform, request, response, running.end);
  });
  const { keepAliveTimeout } = server;
  if (keepAliveTimeout > 0) server.keepAliveTimeoutBuffer = TIMEOUT_CHECK_MS;
  server.on('clientError', answerClientError);
  await open(server, host, port);
  return {
    url: addressUrl(server.address() as AddressInfo),
    drain: (timeoutMs, signal) => drain(server, running, { timeoutMs, signal, isWorker: workers > 1 }),
    settled: () => running.allEnded(),
  };
}

function serverOptions(platform: Platform) {
  const { header_timeout_s, idle_timeout_s, body_timeout_s } = platform.config.http;
  return {
    keepAlive: true,
    noDelay: true,
    maxHeaderSize: HEADERS_BYTES_MAX,
    headersTimeout: header_timeout_s * 1000,
    requestTimeout: body_timeout_s * 1000,
    keepAliveTimeout: idle_timeout_s * 1000,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
}

function open(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)));
    server.listen({ host, port, backlog: BACKLOG }, () => resolve());
  });
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} is taken: stop what listens there or choose another one with --port.`,
    EACCES: `Port ${port} may not be taken by this user: choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is no address of this machine: choose another one with --host.`,
    ENOTFOUND: `${host} is no address of this machine: choose another one with --host.`,
  };
  return new Error(reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
}

function addressUrl({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

interface DrainOptions {
  readonly timeoutMs: number;
  /** Cuts what is left at once. */
  readonly signal: AbortSignal | undefined;
  /** Whether a primary process hands connections out to this one. */
  readonly isWorker: boolean;
}

async function drain(
  server: Server,
  running: RunningRequests,
  { timeoutMs, signal, isWorker }: DrainOptions,
): Promise<number> {
  let cut = 0;
  const timedOut = Promise.withResolvers<void>();
  const closed = isWorker ? refuse(server) : new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that turn idle later are closed by their last answer, which says `Connection: close`.
  server.closeIdleConnections();
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cutAll = () => {
    timedOut.resolve();
    server.getConnections((_error, count) => {
      cut = count;
      server.closeAllConnections();
    });
  };
  const timer = setTimeout(cutAll, timeoutMs);
  signal?.addEventListener('abort', cutAll, { once: true });
  await closed;
  await Promise.race([running.allEnded(), timedOut.promise]);
  clearTimeout(timer);
  clearInterval(idleCheck);
  return cut;
}

/**
 * Resolves when the last connection is closed. A primary may have accepted connections that are on their way to its workers:
 * with nobody left to take them they would stay open and silent, so they are taken, and closed.
 */
function refuse(server: Server): Promise<void> {
  server.prependListener('connection', (socket: Socket) => socket.destroy());
  return new Promise((resolve) => {
    const look = setInterval(() => {
      server.getConnections((_error, count) => {
        if (count > 0) return;
        clearInterval(look);
        resolve();
      });
    }, IDLE_CHECK_MS);
  });
}

/** What cannot be read as HTTP at all gets a 4xx in the envelope before the connection is closed. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason, message] = clientErrorAnswer(error.code);
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'invalid_request_error' },
  });
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function clientErrorAnswer(code: string | undefined): [number, string, string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [
      431,
      'Request Header Fields Too Large',
      `The headers are longer than ${HEADERS_BYTES_MAX} bytes: send fewer.`,
    ];
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return [408, 'Request Timeout', 'The request was not complete in time: send it again.'];
  }
  return [400, 'Bad Request', 'This is not a valid HTTP request: check the client.'];
}
