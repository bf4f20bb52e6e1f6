/** Receives one answer for somebody else, and keeps a copy with the times of its pieces. */
import type { Dispatcher } from 'undici';
import type { Clock } from '../../../observe/clock.js';
import type { ResponseHeaders } from '../../upstream/read-retry-after.js';
import { BODY_BYTES_MAX, DURATION_MAX_MS } from '../format/limits.js';
import { pairHeaders, type SentRequest } from '../format/sent-request.js';
import type { CapturedExchange, CapturedResponse } from './capture.js';

export interface RecordingHandlerParts {
  readonly request: SentRequest;
  readonly clock: Clock;
  /** Whether an exchange that holds so many bytes may hold more. */
  readonly mayHold: (held: number, more: number) => boolean;
  /** More bytes are held, or with a negative number fewer. */
  readonly onHeld: (bytes: number) => void;
  /** It has ended; `skipped` says why it is not to be written. */
  readonly onOver: (exchange: CapturedExchange, skipped: string | undefined) => void;
}

/** Headers that belong to one connection (RFC 9110, section 7.6.1). */
export const HOP_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
]);

/** What undici says when it is told to close: nothing that the upstream did. */
const CLOSED_HERE: ReadonlySet<unknown> = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'UND_ERR_ABORTED']);

/** The last event of a stream, in the format of OpenAI and of Anthropic, and in how much of its end it is looked for. */
const LAST_EVENT = /(?:^|\n)(?:data: ?\[DONE\]|event: ?message_stop\r?\ndata: ?[^\r\n]*)\s*$/;
const LAST_CHUNKS = 8;
const LAST_BYTES = 512;

export class RecordingHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #parts: RecordingHandlerParts;
  readonly #startedAt: number;
  #response: CapturedResponse | undefined;
  #held = 0;
  #heldOfAnswer = 0;
  #elapsedMs = 0;
  #skipped: string | undefined;
  #isOver = false;

  constructor(handler: Dispatcher.DispatchHandler, parts: RecordingHandlerParts) {
    this.#handler = handler;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#hold(parts.request.body.length, 0);
  }

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    reason?: string,
  ): void {
    if (status >= 200) {
      const pairs = pairHeaders((controller.rawHeaders ?? []) as readonly (string | Buffer)[]);
      const kept = pairs.filter(([name]) => !HOP_HEADERS.has(name.toLowerCase()));
      this.#response = { at: this.#elapsed(), status, reason: reason ?? '', headers: kept, chunks: [] };
    }
    this.#handler.onResponseStart?.(controller, status, headers, reason);
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    const at = this.#elapsed();
    if (this.#hold(bytes.length, this.#heldOfAnswer)) {
      this.#heldOfAnswer += bytes.length;
      // A copy, because the bytes are a view of a buffer that is used again.
      this.#response?.chunks.push({ at, bytes: Buffer.from(bytes) });
    }
    this.#handler.onResponseData?.(controller, bytes);
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: ResponseHeaders): void {
    this.#end(undefined);
    this.#handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    const isLeft = controller?.aborted === true || CLOSED_HERE.has((error as NodeJS.ErrnoException).code);
    if (isLeft) this.leave();
    else this.#end(error);
    this.#handler.onResponseError?.(controller, error);
  }

  /** Nobody waits for the rest any more. What comes of it is passed on and not recorded. */
  leave(): void {
    if (!this.#saidDone()) this.#skipped ??= 'its client left before the end';
    this.#end(undefined);
  }

  /** Whether a stream has said that nothing follows: many clients do not wait for its end then. */
  #saidDone(): boolean {
    const last = this.#response?.chunks.slice(-LAST_CHUNKS).map(({ bytes }) => bytes) ?? [];
    return LAST_EVENT.test(Buffer.concat(last).subarray(-LAST_BYTES).toString('latin1'));
  }

  /** Takes more bytes in, unless the exchange becomes too large by it: then it lets go of all of them. */
  #hold(more: number, held: number): boolean {
    if (this.#skipped !== undefined || this.#isOver) return false;
    if (!this.#parts.mayHold(held, more)) {
      this.#skipped = `it is larger than ${BODY_BYTES_MAX} bytes, or more than fits was under way beside it`;
      this.#release();
      return false;
    }
    this.#held += more;
    this.#parts.onHeld(more);
    return true;
  }

  #release(): void {
    this.#response?.chunks.splice(0);
    this.#parts.onHeld(-this.#held);
    this.#held = 0;
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { request, onOver } = this.#parts;
    const endedAt = this.#elapsed();
    onOver({ startedAt: this.#startedAt, request, response: this.#response, endedAt, error }, this.#skipped);
    this.#parts.onHeld(-this.#held);
    this.#held = 0;
  }

  /** Never less than before, whatever the clock of the machine does. */
  #elapsed(): number {
    const elapsed = Math.min(DURATION_MAX_MS, this.#parts.clock.now() - this.#startedAt);
    this.#elapsedMs = Math.max(this.#elapsedMs, elapsed);
    return this.#elapsedMs;
  }
}
