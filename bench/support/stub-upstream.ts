/**
 * An upstream of the OpenAI format that does no work: answers from memory, at the pace and with the failure that the
 * request asks for. What decides is passed on by every gateway:
 *
 * - `stream`: events, else one JSON object;
 * - `max_tokens`: how many events, 64 when it is left out;
 * - `seed`: ms between two events, 0 or none for all at once;
 * - a last message `fail 503`: that status, and no answer; `break`: the connection breaks off after the first event.
 *
 * Plumb asks engines for streams unless an answer is buffered and short.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBufferedAnswer, createChunks } from './stub-answers.js';

export interface StubUpstream {
  /** Where its API is served. */
  readonly url: string;
  close(): Promise<void>;
}

const EVENTS_DEFAULT = 64;
const STREAM_HEADERS = { 'content-type': 'text/event-stream' };
/** Longer than any pause between requests under load, and short enough that the connections of a burst go again. */
const KEEP_ALIVE_MS = 15_000;
/** As many connections may wait to be taken. */
const BACKLOG = 16_384;

/** Starts one in this process, on any free port. */
export async function startStubUpstream(): Promise<StubUpstream> {
  const stub = new Stub();
  const server = createServer((request, response) => stub.take(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, close: () => close(server) };
}

/** What of a request decides on its answer. */
interface Wish {
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly seed?: number;
  readonly messages?: readonly { readonly content?: unknown }[];
}

class Stub {
  readonly #buffered = createBufferedAnswer();
  /** Streams by their number of events; there are few different ones. */
  readonly #streams = new Map<number, readonly Buffer[]>();

  take(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      if (request.method !== 'POST') respond(response, 404, '{"detail":"Not Found"}');
      else this.#answer(JSON.parse(Buffer.concat(pieces).toString()) as Wish, response);
    });
  }

  #answer(
    { stream, max_tokens: events = EVENTS_DEFAULT, seed: pauseMs = 0, messages }: Wish,
    response: ServerResponse,
  ) {
    const order = String(messages?.at(-1)?.content ?? '').slice(0, ORDER_CHARACTERS_MAX);
    const [, status] = /^fail (\d{3})$/.exec(order) ?? [];
    if (status !== undefined) respond(response, Number(status), '{"error":{"message":"as it was asked to"}}');
    else if (stream !== true) respond(response, 200, this.#buffered);
    else if (order === 'break') breakOff(this.#stream(events), response);
    else if (pauseMs === 0) response.writeHead(200, STREAM_HEADERS).end(Buffer.concat(this.#stream(events)));
    else drip(this.#stream(events), pauseMs, response);
  }

  #stream(events: number): readonly Buffer[] {
    const known = this.#streams.get(events) ?? createChunks(events);
    this.#streams.set(events, known);
    return known;
  }
}

/** The longest order that a message can be. */
const ORDER_CHARACTERS_MAX = 16;

function respond(response: ServerResponse, status: number, body: string | Buffer): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}

function breakOff([first]: readonly Buffer[], response: ServerResponse): void {
  response.writeHead(200, STREAM_HEADERS).write(first, () => response.destroy());
}

/** One event at a time; the role comes with the first word, the usage and `[DONE]` with the finish reason. */
function drip(chunks: readonly Buffer[], pauseMs: number, response: ServerResponse): void {
  response.writeHead(200, STREAM_HEADERS).write(chunks[0]);
  let sent = 1;
  const send = () => {
    if (sent < chunks.length - LAST_TOGETHER) response.write(chunks[sent++]);
    else {
      clearInterval(timer);
      response.end(Buffer.concat(chunks.slice(sent)));
    }
  };
  const timer = setInterval(send, pauseMs);
  response.once('close', () => clearInterval(timer));
  send();
}

/** The finish reason, the usage and `[DONE]`. */
const LAST_TOGETHER = 3;

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
