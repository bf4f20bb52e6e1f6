/** One connection of the load generator to a contender: a request, its response, the next request. */
import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http/message-reader.js';

/** Is told about the responses of one connection. */
export interface ResponseHandler {
  /** A piece of the body, good only during the call. */
  body(bytes: Buffer, start: number, end: number): void;
  /** The response is whole. */
  end(): void;
  /** The connection broke with a request under way. */
  broken(error: Error): void;
  /** The response is no success. The sentence says which, and holds what the body said. */
  refused(error: Error): void;
}

/** The most of an error's body that is shown. */
const SHOWN_BYTES_MAX = 2000;
/** All connections read into the same memory: what they hand on is good only during the call. */
const READ_BYTES = 256 * 1024;

/** Memory for the reads of connections of one thread. */
export function createReadBuffer(): Buffer {
  return Buffer.allocUnsafe(READ_BYTES);
}

/** A connection that is opened with its first request, and again when the contender has closed it between requests. */
export class Connection {
  readonly #port: number;
  readonly #handler: ResponseHandler;
  readonly #memory: Buffer;
  #socket: Socket | undefined;
  #isWaiting = false;
  #isClosed = false;
  /** What came of a response that is no success. */
  #refusal: { statusLine: string; body: string } | undefined;

  constructor(port: number, handler: ResponseHandler, memory: Buffer) {
    this.#port = port;
    this.#handler = handler;
    this.#memory = memory;
  }

  /** Sends the next request; the last one must have been answered. */
  send(request: Buffer): void {
    this.#isWaiting = true;
    this.#socket ??= this.#open();
    this.#socket.write(request);
  }

  /** Closes at once, whatever is under way; nothing is told any more. */
  close(): void {
    this.#isClosed = true;
    this.#socket?.destroy();
  }

  #open(): Socket {
    const reader = new MessageReader(
      {
        head: (text) => this.#readHead(text),
        body: (bytes, start, end) => this.#readBody(bytes, start, end),
        end: () => this.#finish(),
      },
      'rest',
    );
    const receive = (length: number) => {
      if (!this.#isClosed) this.#attempt(() => reader.push(this.#memory.subarray(0, length)));
      return true;
    };
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: this.#memory, callback: receive },
    });
    let reason: Error | undefined;
    socket.on('error', (error) => {
      reason = error;
    });
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      if (this.#isClosed) return;
      this.#attempt(() => {
        if (reason === undefined) reader.close();
        if (this.#isWaiting) throw reason ?? new Error('The contender closed the connection before it answered.');
      });
    });
    return socket;
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      const socket = this.#socket;
      this.#socket = undefined;
      this.#isWaiting = false;
      this.#refusal = undefined;
      socket?.removeAllListeners('close').destroy();
      this.#handler.broken(error as Error);
    }
  }

  #readHead(text: string): void {
    if (!text.startsWith('HTTP/1.1 200')) this.#refusal = { statusLine: text.split('\r\n')[0]!, body: '' };
  }

  #readBody(bytes: Buffer, start: number, end: number): void {
    if (this.#refusal === undefined) this.#handler.body(bytes, start, end);
    else if (this.#refusal.body.length < SHOWN_BYTES_MAX) this.#refusal.body += bytes.toString('utf8', start, end);
  }

  #finish(): void {
    this.#isWaiting = false;
    const refusal = this.#refusal;
    this.#refusal = undefined;
    if (refusal === undefined) this.#handler.end();
    else this.#handler.refused(new Error(`${refusal.statusLine}: ${refusal.body.slice(0, SHOWN_BYTES_MAX).trim()}`));
  }
}
