/** One answer on its way back to a client: the same bytes in the same pieces, and the same way to break off. */
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { ResponseHeaders } from '../../upstream/read-retry-after.js';
import { pairHeaders } from '../format/sent-request.js';
import { HOP_HEADERS } from '../record/recording-handler.js';

/** Failures that a client sees as a reset; all others as a connection that was closed. */
const RESETS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);

export class RelayedAnswer implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #controller: Dispatcher.DispatchController | undefined;
  #hasLeft = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('drain', () => this.#controller?.resume());
    response.once('close', () => {
      if (response.writableFinished) return;
      this.#hasLeft = true;
      this.#controller?.abort(CLIENT_LEFT);
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#hasLeft) controller.abort(CLIENT_LEFT);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: ResponseHeaders,
    reason?: string,
  ): void {
    if (status < 200 || this.#hasLeft) return;
    const headers = pairHeaders((controller.rawHeaders ?? []) as readonly (string | Buffer)[])
      .filter(([name]) => !HOP_HEADERS.has(name.toLowerCase()))
      .flat();
    // The date is the upstream's.
    this.#response.sendDate = false;
    this.#response.writeHead(status, reason ?? '', headers);
    this.#response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (!this.#hasLeft && !this.#response.write(bytes)) controller.pause();
  }

  onResponseEnd(): void {
    if (!this.#hasLeft) this.#response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { socket } = this.#response;
    if (this.#hasLeft || socket === null) return;
    // After what was written in this turn has left the response, and then the socket.
    setImmediate(() => {
      if (RESETS.has((error as NodeJS.ErrnoException).code)) socket.write('', () => socket.resetAndDestroy());
      else socket.destroySoon();
    });
  }
}

class ClientLeftError extends Error {
  override readonly name = 'ClientLeftError';
}

const CLIENT_LEFT = new ClientLeftError('The client has left.');
