/**
 * A server of the OpenAI format that does what a test writes into its script: any status and headers, exact bytes, pauses
 * that the test ends, resets, silence. It is a real server on a port of its own, and remembers what it was asked.
 *
 * ```ts
 * const upstream = await ScriptedUpstream.start();
 * upstream.answer('/v1/chat/completions', streamOf('data: …\n\n', gate.promise, 'data: [DONE]\n\n'));
 * … new UpstreamEngine({ url: upstream.url, … })
 * upstream.requests[0].json; await upstream.requests[0].closed; await upstream.close();
 * ```
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/**
 * What happens next: a text or bytes are written; a promise is waited for; `reset` breaks the connection off with a TCP
 * reset, `close` closes it in the middle, `hang` does nothing until the other side closes it.
 */
export type Step = string | Uint8Array | Promise<unknown> | 'reset!' | 'close!' | 'hang!';

export interface Script {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Before the headers are sent. A text is written to the connection as it is, in place of HTTP. */
  readonly before?: readonly Step[];
  /** After that; the body ends with the last one. */
  readonly steps?: readonly Step[];
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The body as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely.
  readonly json: any;
  /** Resolves when the answer is complete or the connection is gone. */
  readonly closed: Promise<void>;
}

/** A script, or what makes one for a request, which is numbered from 0 for each path. */
export type Answer = Script | ((request: RecordedRequest, number: number) => Script);

/** A stream of server-sent events. */
export function streamOf(...steps: readonly Step[]): Script {
  return { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, steps };
}

/** One JSON body. */
export function jsonOf(value: unknown, status = 200, headers: Record<string, string> = {}): Script {
  return { status, headers: { 'content-type': 'application/json', ...headers }, steps: [JSON.stringify(value)] };
}

export interface ScriptedUpstreamOptions {
  /** Serves HTTPS with this key and certificate in PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Default: any free port. */
  readonly port?: number;
}

export class ScriptedUpstream {
  /** Every request, in the order in which they came. */
  readonly requests: RecordedRequest[] = [];
  /** How many connections have been made to it. */
  connectionsMade = 0;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, { answer: Answer; asked: number }>();

  private constructor(options: ScriptedUpstreamOptions) {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#scheme = options.tls === undefined ? 'http' : 'https';
    this.#server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
    this.#server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.connectionsMade += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(options);
    await new Promise<void>((resolve) => upstream.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return upstream;
  }

  /** Where its API is served. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}/v1`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Bytes that have been written and that the other sides have not taken. */
  get unsentBytes(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
  }

  /** Sets what is answered at a path from now on, without its query; other paths are 404. */
  answer(path: string, answer: Answer): void {
    this.#answers.set(path, { answer, asked: 0 });
  }

  /** Sets what is answered to chats. */
  answerChat(answer: Answer): void {
    this.answer('/v1/chat/completions', answer);
  }

  /** Breaks all connections off and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const pieces: Buffer[] = [];
    try {
      for await (const piece of message) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const request = record(message, Buffer.concat(pieces).toString(), closed);
    this.requests.push(request);
    const known = this.#answers.get(request.path.split('?')[0] ?? '');
    const script = known === undefined ? NOT_FOUND : scriptOf(known.answer, request, known.asked++);
    await perform(script, response, closed);
  }
}

const NOT_FOUND: Script = jsonOf({ detail: 'Not Found' }, 404);

function scriptOf(answer: Answer, request: RecordedRequest, number: number): Script {
  return typeof answer === 'function' ? answer(request, number) : answer;
}

function record(message: IncomingMessage, body: string, closed: Promise<void>): RecordedRequest {
  const { method = '', url = '', headers } = message;
  return { method, path: url, headers, body, json: parse(body), closed };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function perform(script: Script, response: ServerResponse, closed: Promise<void>): Promise<void> {
  const { socket } = response;
  for (const step of script.before ?? []) {
    if (!(await act(step, (bytes) => socket?.write(bytes), response, closed))) return;
  }
  if (response.destroyed || socket?.destroyed !== false) return;
  response.writeHead(script.status ?? 200, script.headers);
  response.flushHeaders();
  for (const step of script.steps ?? []) {
    if (!(await act(step, (bytes) => response.write(bytes), response, closed))) return;
  }
  response.end();
}

/** Does one step; returns whether there can be another one. */
async function act(
  step: Step,
  write: (bytes: string | Uint8Array) => void,
  { socket }: ServerResponse,
  closed: Promise<void>,
): Promise<boolean> {
  if (step === 'reset!') socket?.resetAndDestroy();
  else if (step === 'close!') socket?.destroy();
  else if (step === 'hang!') await closed;
  else if (step instanceof Promise) await Promise.race([step, closed]);
  else write(step);
  return socket?.destroyed === false && step !== 'hang!';
}
