/** The engine's end of the link to the server: frames in, frames out, and the end of both. */
import type { Socket } from 'node:net';
import { FrameBatch, type FrameHandler, FrameReader } from './link/index.js';

/** Bytes that may wait for a server that does not read, before generating pauses. */
const QUEUED_BYTES_MAX = 8 * 1024 * 1024;

export class Connection {
  readonly #socket: Socket;
  readonly #batch = new FrameBatch();
  readonly #onClose: () => void;
  #isFlushPlanned = false;

  /**
   * @param onFrame Receives each frame of the server.
   * @param onClose Called once when the server is gone.
   */
  constructor(socket: Socket, onFrame: FrameHandler, onClose: () => void) {
    this.#socket = socket;
    this.#onClose = onClose;
    const reader = new FrameReader(onFrame);
    socket.on('data', (bytes: Buffer) => reader.push(bytes));
    // A server that died is seen as an end, as an error of a write, or as both; each is followed by close.
    socket.on('error', () => socket.destroy());
    socket.once('end', () => socket.destroy());
    socket.once('close', this.#onClose);
  }

  /** Queues a frame. It goes out with the next `flush`, or by itself when the event loop has come round. */
  send(kind: number, stream: number, payload: string): void {
    this.#batch.add(kind, stream, payload);
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    setImmediate(() => this.flush());
  }

  /** Writes everything that is queued, in one write. */
  flush(): void {
    this.#isFlushPlanned = false;
    if (!this.#batch.isEmpty) this.#socket.write(this.#batch.take());
  }

  /** Writes everything that is queued, closes this end and resolves; `onClose` is not called any more. */
  finish(): Promise<void> {
    this.#socket.off('close', this.#onClose);
    return new Promise((resolve) => this.#socket.end(this.#batch.take(), () => resolve()));
  }

  /** Resolves at once unless too much waits for the server; then when it has been taken. */
  drained(): Promise<void> {
    if (this.#socket.writableLength < QUEUED_BYTES_MAX) return READY;
    return new Promise((resolve) => this.#socket.once('drain', () => resolve()));
  }
}

const READY = Promise.resolve();
