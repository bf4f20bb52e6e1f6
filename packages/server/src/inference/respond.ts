/**
 * The answer's side of a generation: what the engine produces becomes server-sent events or one JSON body. Both are the
 * same path; the buffered body is a fold over the events of the stream.
 */
import { type ApiError, serviceUnavailable, toApiError } from '@plumb/wire';
import type { Engine, GenerationEnd, GenerationJob, GenerationSink, RunningGeneration } from '../engines/engine.js';
import type { Exchange } from '../http/exchange.js';
import type { Clock } from '../observe/clock.js';
import { type Body, BufferedBody, StreamedBody } from './body.js';
import type { KeepAlives, KeptAlive } from './keep-alive.js';
import type { Meter } from './meter.js';

/** Bytes that may wait for a client that takes them slowly; beyond that it is taken for gone. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;

/** How an exchange ended. */
export type Outcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'client_left' }
  | { readonly kind: 'failed'; readonly error: ApiError };

/** What `respond` works with. */
export interface Responding {
  readonly exchange: Exchange;
  readonly engine: Engine;
  readonly job: GenerationJob;
  readonly meter: Meter;
  readonly keepAlives: KeepAlives;
  readonly clock: Clock;
}

/** Runs a generation to its end and writes it to the client. Never rejects: every ending is an outcome. */
export function respond(parts: Responding): Promise<Outcome> {
  return new Promise((resolve) => new Answer(parts, resolve).start());
}

/** One answer while it is being given. */
class Answer implements GenerationSink, KeptAlive {
  readonly #parts: Responding;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #body: Body;
  #running: RunningGeneration | undefined;
  #clientLeft = false;
  #gaveUp: ApiError | undefined;
  lastWriteAt: number;
  waitingSince: number | undefined;

  constructor(parts: Responding, resolve: (outcome: Outcome) => void) {
    this.#parts = parts;
    this.#resolve = resolve;
    this.#body =
      parts.job.request.stream === true ? new StreamedBody(parts.exchange) : new BufferedBody(parts.exchange);
    this.lastWriteAt = parts.clock.now();
    this.waitingSince = this.lastWriteAt;
  }

  start(): void {
    const { exchange, engine, job, keepAlives } = this.#parts;
    keepAlives.add(this);
    exchange.onClientLeft(() => {
      this.#clientLeft = true;
      this.#running?.abort();
    });
    this.#running = engine.generate(job, this);
  }

  onBegun(): void {
    this.waitingSince = undefined;
    this.#parts.meter.begun(this.#parts.clock.now());
  }

  onEvents(bytes: Uint8Array): void {
    if (this.#clientLeft || this.#gaveUp !== undefined) return;
    const now = this.#parts.clock.now();
    this.waitingSince = undefined;
    this.#parts.meter.produced(now);
    try {
      if (this.#body.take(bytes)) this.lastWriteAt = now;
    } catch (cause) {
      this.#abandon(toApiError(cause));
      return;
    }
    if (this.#parts.exchange.bufferedBytes > UNSENT_BYTES_MAX) this.#parts.exchange.destroy();
  }

  onEnd(end: GenerationEnd): void {
    this.#parts.meter.ended(end.usage, end.finishReason);
    if (this.#gaveUp !== undefined) this.#finish({ kind: 'failed', error: this.#gaveUp });
    else if (this.#clientLeft) this.#finish({ kind: 'client_left' });
    else this.#complete(end);
  }

  onFailure(error: ApiError, usage?: GenerationEnd['usage']): void {
    if (usage !== undefined) this.#parts.meter.ended(usage, 'aborted');
    const reason = this.#gaveUp ?? error;
    if (!this.#clientLeft && this.#gaveUp === undefined) this.#body.fail(reason);
    this.#finish(this.#clientLeft ? { kind: 'client_left' } : { kind: 'failed', error: reason });
  }

  keepAlive(): void {
    this.#body.keepAlive();
    this.lastWriteAt = this.#parts.clock.now();
  }

  giveUp(): void {
    this.#abandon(serviceUnavailable({ detail: 'inference did not begin in time' }));
  }

  /** Ends the answer before the engine has: the client gets the error now, the outcome follows with the engine's ending. */
  #abandon(error: ApiError): void {
    if (this.#gaveUp !== undefined) return;
    this.#gaveUp = error;
    this.waitingSince = undefined;
    this.#body.fail(error);
    this.#running?.abort();
  }

  #complete(end: GenerationEnd): void {
    try {
      if (end.lastEvents !== undefined) {
        this.#parts.meter.produced(this.#parts.clock.now());
        this.#body.take(end.lastEvents);
      }
      this.#body.complete();
      this.#finish({ kind: 'completed' });
    } catch (cause) {
      const error = toApiError(cause);
      this.#body.fail(error);
      this.#finish({ kind: 'failed', error });
    }
  }

  #finish(outcome: Outcome): void {
    this.#parts.keepAlives.remove(this);
    this.#resolve(outcome);
  }
}
