/**
 * One request and its answer over node:http: everything that the way of a request needs from the socket, and no more. What
 * is written to a client that has gone is dropped.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type ApiError, payloadTooLarge } from '@plumb/wire';
import { type ErrorFormat, renderError } from './render-error.js';

/** Bytes of a refused body that are still read and thrown away, so that the client gets to see the refusal. */
const DISCARDED_BODY_BYTES_MAX = 64 * 1024 * 1024;

/** How a connection is broken off: by a reset, by its end in the middle, or by an end as if the answer were whole. */
export type CutForm = 'reset' | 'close' | 'end';

/** What an answer needs of its exchange; whatever stands between the two has this shape. */
export type Outgoing = Pick<
  Exchange,
  | 'headersSent'
  | 'bufferedBytes'
  | 'isFull'
  | 'onDrained'
  | 'onClientLeft'
  | 'beginBody'
  | 'write'
  | 'end'
  | 'sendJson'
  | 'sendError'
  | 'destroy'
>;

/** What is decided of an exchange before it begins. */
export interface ExchangeOptions {
  readonly traceId: string;
  readonly errorFormat: ErrorFormat;
}

export class Exchange {
  /** Whether the client may still be sending a body that was refused. */
  #isRefusing = false;
  /** 32 hex digits, sent as `x-ds-trace-id` and `x-request-id` and written in the log. */
  readonly traceId: string;
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** What follows the question mark, as it was sent; empty when there is none. */
  readonly query: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #errorFormat: ErrorFormat;
  /** What `setHeaders` was given. */
  #headers: Record<string, string> | undefined;
  #isCut = false;
  #onLeft: (() => void)[] | undefined;
  #onClosed: (() => void) | undefined;
  /** Ends the reading of a body that will not come to its end. */
  #loseBody: ((error: ClientLeftError) => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, { traceId, errorFormat }: ExchangeOptions) {
    this.#request = request;
    this.#response = response;
    this.#errorFormat = errorFormat;
    this.traceId = traceId;
    this.method = request.method ?? 'GET';
    const target = request.url ?? '/';
    const queryStart = target.indexOf('?');
    this.path = queryStart === -1 ? target : target.slice(0, queryStart);
    this.query = queryStart === -1 ? '' : target.slice(queryStart + 1);
    response.on('close', () => this.#close());
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  /** The status that was sent, or 0 while none was. */
  get status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0;
  }

  get headersSent(): boolean {
    return this.#response.headersSent;
  }

  /** Whether the whole answer has been written. */
  get isEnded(): boolean {
    return this.#response.writableEnded;
  }

  /** Whether the answer's headers say how much room the limits have. */
  get showsLimits(): boolean {
    return this.#headers !== undefined && Object.keys(this.#headers).some((name) => name.startsWith('x-ratelimit-'));
  }

  /** Sets headers that whatever answer follows will have; later ones of the same name replace earlier ones. */
  setHeaders(headers: Record<string, string>): void {
    this.#headers = this.#headers === undefined ? headers : { ...this.#headers, ...headers };
  }

  /** Bytes written and not yet taken by the client. */
  get bufferedBytes(): number {
    return this.#response.writableLength;
  }

  /** Whether more has been written than the client takes at once. */
  get isFull(): boolean {
    return this.#response.writableNeedDrain;
  }

  /** Calls back once when a client that was full has taken everything. */
  onDrained(callback: () => void): void {
    this.#response.once('drain', callback);
  }

  /**
   * Reads the whole body. Throws 413 as soon as it is known to be longer than `limitBytes`; rejects with
   * `ClientLeftError` when the client goes away before the end.
   */
  readBody(limitBytes: number): Promise<Buffer> {
    const announced = Number(this.#request.headers['content-length'] ?? 0);
    if (announced > limitBytes) return Promise.reject(this.#refuseBody(limitBytes));
    if (this.#response.closed) return Promise.reject(new ClientLeftError());
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      const take = (piece: Buffer) => {
        bytes += piece.length;
        if (bytes <= limitBytes) pieces.push(piece);
        else {
          this.#request.off('data', take);
          reject(this.#refuseBody(limitBytes));
        }
      };
      this.#loseBody = reject;
      this.#request.on('data', take);
      this.#request.on('end', () => {
        this.#loseBody = undefined;
        resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes));
      });
    });
  }

  /** Calls back once if the client goes away before the answer is complete; at once when it has gone already. */
  onClientLeft(callback: () => void): void {
    const response = this.#response;
    if (this.#isCut || response.closed) {
      if (this.#isCut || !response.writableFinished) callback();
    } else if (this.#onLeft === undefined) this.#onLeft = [callback];
    else this.#onLeft.push(callback);
  }

  /** Calls back once the answer has been handed to the system or the client has gone; at once when that has been. */
  onClosed(callback: () => void): void {
    const response = this.#response;
    if (response.writableFinished || response.destroyed) callback();
    else this.#onClosed = callback;
  }

  /** Sends a whole answer as JSON text. */
  sendJson(status: number, json: string, headers?: Record<string, string>): void {
    this.#sendWhole(status, 'application/json', json, headers);
  }

  /** Sends a whole answer as text of any type. */
  sendText(status: number, contentType: string, text: string): void {
    this.#sendWhole(status, contentType, text);
  }

  /** Sends an error as the first and only part of the answer. */
  sendError(error: ApiError): void {
    const { contentType, text } = renderError(error, this.#errorFormat);
    this.#sendWhole(error.status, contentType, text, error.headers);
  }

  /** Sends the head of an answer whose body follows in pieces. */
  beginBody(contentType: string): void {
    if (this.#isGone) return;
    const list = this.#listHeaders();
    list.push('content-type', contentType, 'cache-control', 'no-cache');
    this.#response.writeHead(200, list);
  }

  /** Sends a piece of the body. */
  write(piece: string | Uint8Array): void {
    if (!this.#isGone) this.#response.write(piece);
  }

  /**
   * Sends a piece of the body and resolves once the client has taken so much that more may follow. Rejects with
   * `ClientLeftError` when the client is gone.
   */
  async writeAndWait(piece: string): Promise<void> {
    const response = this.#response;
    if (!response.destroyed && !response.write(piece)) {
      await new Promise<void>((resolve) => {
        const resume = () => {
          response.off('drain', resume).off('close', resume);
          resolve();
        };
        response.once('drain', resume).once('close', resume);
      });
    }
    if (response.destroyed) throw new ClientLeftError();
  }

  /** Ends the body, with a last piece if there is one. */
  end(piece?: string | Uint8Array): void {
    if (!this.#isGone) this.#response.end(piece);
  }

  /** Cuts the connection: for a client that takes nothing more. */
  destroy(): void {
    this.#response.destroy();
  }

  /** Breaks the answer off after what was written. The client counts as gone, and what is written from then on is dropped. */
  cut(how: CutForm): void {
    this.#isCut = true;
    this.#tellLeft();
    if (how === 'end') {
      this.#response.end();
      return;
    }
    // What was written leaves with the current turn of the event loop.
    setImmediate(() => {
      if (how === 'reset') this.#response.socket?.resetAndDestroy();
      this.#response.destroy();
    });
  }

  /** Node closes an answer right after it has finished, or when its client has gone. */
  #close(): void {
    if (!this.#response.writableFinished) this.#tellLeft();
    this.#loseBody?.(new ClientLeftError());
    this.#onClosed?.();
  }

  #tellLeft(): void {
    const callbacks = this.#onLeft;
    this.#onLeft = undefined;
    if (callbacks !== undefined) for (const call of callbacks) call();
  }

  get #isGone(): boolean {
    return this.#isCut || this.#response.destroyed;
  }

  /** Node sends the head and a text in one piece, but a buffer as a second one. */
  #sendWhole(status: number, contentType: string | undefined, text: string, headers?: Record<string, string>): void {
    if (this.#isGone) return;
    const list = this.#listHeaders(headers);
    const bytes = Buffer.byteLength(text);
    list.push('content-length', String(bytes));
    if (contentType !== undefined) list.push('content-type', contentType);
    this.#response.writeHead(status, list);
    if (this.#isRefusing && !this.#request.readableEnded) this.#endOnceRead(text);
    else if (this.method === 'HEAD') this.#response.end();
    // A text of ASCII, as most are, is copied as it is in this encoding.
    else this.#response.end(text, bytes === text.length ? 'latin1' : 'utf8');
  }

  /** The answer can be read at once; its end closes the connection, which would take it from a client that still sends. */
  #endOnceRead(text: string): void {
    this.#response.write(text);
    this.#request.once('close', () => this.#response.end());
  }

  /**
   * The headers that every answer has, those that were set, and `more` in the place of those of the same name, as the list
   * of names and values that Node takes at the least cost.
   */
  #listHeaders(more?: Record<string, string>): string[] {
    const { traceId } = this;
    const set = this.#headers;
    const list = ['x-ds-trace-id', traceId, 'x-request-id', traceId, 'x-content-type-options', 'nosniff'];
    for (const name in set) if (more?.[name] === undefined) list.push(name, set[name] as string);
    for (const name in more) list.push(name, more[name] as string);
    return list;
  }

  /** A client that is still sending sees an answer only if what it sends is taken: read on, throw away, then close. */
  #refuseBody(limitBytes: number): ApiError {
    let discarded = 0;
    this.#response.shouldKeepAlive = false;
    this.#isRefusing = true;
    this.#request.on('data', (piece: Buffer) => {
      discarded += piece.length;
      if (discarded > DISCARDED_BODY_BYTES_MAX) this.#request.destroy();
    });
    this.#request.on('error', () => {});
    return payloadTooLarge(limitBytes);
  }
}

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientLeftError extends Error {
  constructor() {
    super('The client left before its request was complete.');
    this.name = 'ClientLeftError';
  }
}
