/** One request to an engine and the answer that comes back piece by piece, straight from the connection. */
import type { Transform } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Connections } from './connections.js';
import { createUnpacker } from './decode-body.js';
import { type ResponseHeaders, textOfHeader } from './read-retry-after.js';

/** The most bytes of an answer's headers. */
export const HEADER_BYTES_MAX = 32 * 1024;

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Names and values that follow each other. */
  readonly headers: string[];
  readonly body: string | Buffer | null;
}

/** Receives an answer. One of `onEnd` and `onError` comes last, unless the stream is aborted: then nothing comes. */
export interface StreamReceiver {
  onHeaders(status: number, headers: ResponseHeaders): void;
  onBytes(bytes: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Sends a request, whose body is kept until it has been sent. Nothing is received before this has returned. */
export function openStream(connections: Connections, request: UpstreamRequest, receiver: StreamReceiver): OpenStream {
  const stream = new OpenStream(receiver);
  try {
    connections.dispatch(request, stream);
  } catch (error) {
    queueMicrotask(() => stream.onResponseError(undefined, error as Error));
  }
  return stream;
}

class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

export class OpenStream implements Dispatcher.DispatchHandler {
  #receiver: StreamReceiver | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #createUnpacker: ((first: Buffer) => Transform) | null = null;
  #unpacker: Transform | undefined;
  #isPaused = false;

  constructor(receiver: StreamReceiver) {
    this.#receiver = receiver;
  }

  /** Closes the connection; nothing is received any more. */
  abort(): void {
    this.#receiver = undefined;
    this.#unpacker?.destroy();
    this.#controller?.abort(new AbortedError('The request was aborted.'));
  }

  /** Stops reading from the connection, so that the engine cannot write any more once what is on the way is full. */
  pause(): void {
    this.#isPaused = true;
    this.#unpacker?.pause();
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#unpacker?.resume();
    if (this.#unpacker?.writableNeedDrain !== true) this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#receiver === undefined) this.abort();
    else if (this.#isPaused) controller.pause();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    const packing = headers['content-encoding'];
    if (packing === undefined || this.#canUnpack(textOfHeader(packing))) this.#receiver?.onHeaders(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#createUnpacker === null) this.#receiver?.onBytes(bytes);
    else {
      this.#unpacker ??= this.#startUnpacking(this.#createUnpacker(bytes));
      if (!this.#unpacker.write(bytes)) controller.pause();
    }
  }

  onResponseEnd(): void {
    if (this.#unpacker === undefined) this.#end();
    else this.#unpacker.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#unpacker?.destroy();
    receiver?.onError(error);
  }

  /** Makes ready for a body with this encoding; ends the stream where nobody can unpack it. */
  #canUnpack(encoding: string): boolean {
    const unpacker = createUnpacker(encoding);
    if (unpacker === undefined) this.#fail(new Error(`its answer is packed as ${encoding.slice(0, 40)}`));
    else this.#createUnpacker = unpacker;
    return unpacker !== undefined;
  }

  #startUnpacking(unpacker: Transform): Transform {
    unpacker.on('data', (bytes: Buffer) => this.#receiver?.onBytes(bytes));
    unpacker.on('drain', () => {
      if (!this.#isPaused) this.#controller?.resume();
    });
    unpacker.once('end', () => this.#end());
    unpacker.on('error', () => this.#fail(new Error('its answer is not packed as it says')));
    if (this.#isPaused) unpacker.pause();
    return unpacker;
  }

  #end(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.onEnd();
  }

  #fail(error: Error): void {
    const receiver = this.#receiver;
    this.abort();
    receiver?.onError(error);
  }
}
