/** A web server for downloads that can be told, request by request, how to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one request is answered; what is left out is as it should be. */
export interface Step {
  /** Closes the connection after so many bytes of the body, once the client is known to have them (`arrived`). */
  readonly cutAfter?: number;
  /** Closes the connection after so many bytes of the body at once, so that the client may lose some of them. */
  readonly breakAfter?: number;
  /** Answers with this status and no body. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends everything with 200 although a range was asked for. */
  readonly ignoresRange?: boolean;
  /** Heeds Range although If-Range names another file. */
  readonly ignoresIfRange?: boolean;
  /** Sends the range from another place than was asked for. */
  readonly wrongRange?: boolean;
  /** Sends no more than so many bytes of the range that was asked for, as RFC 9110, section 15.3.7 allows. */
  readonly rangeBytes?: number;
  /** Changes the bytes that are sent; the length stays. */
  readonly corrupts?: boolean;
  /** From this request on the server has this file. */
  readonly replaceBy?: Buffer;
  /** Sends so many bytes of the body and then nothing, with the connection left open. */
  readonly stallAfter?: number;
  /** Does not answer at all. */
  readonly silent?: boolean;
  /** Sends the body without saying how long it is: in chunks, or up to the end of the connection. */
  readonly length?: 'chunked' | 'until_close';
  /** Leaves validators out, or sends a weak entity tag. */
  readonly validator?: 'none' | 'weak' | 'date';
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FileServer extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Every request in order. */
  readonly requests: SeenRequest[];
  /** Steps for the requests to come; after the last one every request is answered well. */
  readonly steps: Step[];
  /** What the server has at the moment. */
  content: Buffer;
  /** Tells the server that the client has so many bytes of the file; it makes the cut that waits for them. */
  arrived(doneBytes: number): void;
  /** Called at each request, before it is answered. */
  onRequest: (request: SeenRequest) => void;
  /** Answers paths that are not the file itself; undefined leaves them to the file. */
  route: (request: SeenRequest, response: ServerResponse) => boolean;
}

/** Starts a server on a free port of the loopback address. */
export async function startFileServer(content: Buffer): Promise<FileServer> {
  let cut: Cut | undefined;
  const server = createServer((request, response) => {
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
    };
    files.requests.push(seen);
    files.onRequest(seen);
    if (files.route(seen, response)) return;
    cut = answer(files, files.steps.shift() ?? {}, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const files: FileServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    steps: [],
    content,
    arrived: (doneBytes) => {
      if (cut === undefined || doneBytes < cut.at) return;
      cut.response.destroy();
      cut = undefined;
    },
    onRequest: () => undefined,
    route: () => false,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return files;
}

interface Cut {
  /** Bytes of the file that the client has before the connection is closed. */
  readonly at: number;
  readonly response: ServerResponse;
}

function answer(files: FileServer, step: Step, request: IncomingMessage, response: ServerResponse): Cut | undefined {
  if (step.replaceBy !== undefined) files.content = step.replaceBy;
  if (step.silent) return undefined;
  if (step.status !== undefined) {
    response.writeHead(step.status, step.headers).end();
    return undefined;
  }
  const start = rangeStart(files.content, step, request);
  const headers = { ...validatorHeaders(files.content, step), ...step.headers };
  if (start !== undefined && start >= files.content.length) {
    response
      .writeHead(416, {
        ...headers,
        'content-range': `bytes */${files.content.length}`,
      })
      .end();
    return;
  }
  const from = (start ?? 0) + (start !== undefined && step.wrongRange ? 1 : 0);
  const end = start === undefined ? undefined : from + Math.max(1, step.rangeBytes ?? files.content.length);
  const body = Buffer.from(files.content.subarray(from, end));
  if (step.corrupts) body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 0xff;
  if (start !== undefined) {
    const last = files.content.length - 1;
    Object.assign(headers, {
      'content-range': `bytes ${from}-${last}/${files.content.length}`,
    });
  }
  if (step.length === undefined) Object.assign(headers, { 'content-length': String(body.length) });
  if (step.length === 'until_close') response.useChunkedEncodingByDefault = false;
  response.writeHead(start === undefined ? 200 : 206, headers);
  const sentBytes = sendBody(request.method === 'HEAD' ? Buffer.alloc(0) : body, step, response);
  return sentBytes === undefined ? undefined : { at: (start ?? 0) + sentBytes, response };
}

/** Returns the bytes after which the connection is to be cut, undefined when nothing is left to do. */
function sendBody(body: Buffer, step: Step, response: ServerResponse): number | undefined {
  const { cutAfter, breakAfter, stallAfter } = step;
  if (cutAfter === 0 || breakAfter === 0) response.destroy();
  else if (breakAfter !== undefined && breakAfter < body.length) {
    response.write(body.subarray(0, breakAfter), () => response.destroy());
  } else if (cutAfter !== undefined && cutAfter < body.length) {
    response.write(body.subarray(0, cutAfter));
    return cutAfter;
  } else if (stallAfter !== undefined) response.write(body.subarray(0, stallAfter));
  else response.end(body);
  return undefined;
}

function rangeStart(content: Buffer, step: Step, request: IncomingMessage): number | undefined {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  if (range === null || step.ignoresRange) return undefined;
  const condition = request.headers['if-range'];
  const validators = Object.values(validatorHeaders(content, step));
  if (condition !== undefined && !step.ignoresIfRange && !validators.includes(String(condition))) return undefined;
  return Number(range[1]);
}

function validatorHeaders(content: Buffer, step: Step): Record<string, string> {
  const digest = createHash('sha256').update(content).digest();
  const tag = `"${digest.toString('hex', 0, 16)}"`;
  if (step.validator === 'none') return {};
  // Each content has a date of its own, so that a date is as good a validator as a tag.
  if (step.validator === 'date')
    return {
      'last-modified': new Date(digest.readUInt32LE() * 1000).toUTCString(),
    };
  return { etag: step.validator === 'weak' ? `W/${tag}` : tag };
}
