/**
 * The answer's side of a request: what the engine produces becomes server-sent events or one JSON body. Both are the
 * same path; the buffered body is a fold over the events of the stream. An answer is open from before the request is
 * admitted, so that it is kept alive while it waits and knows when its client leaves.
 */
import { type ApiError, serviceUnavailable, type Usage } from '@plumb/wire';
import type { GenerationEnd, GenerationSink, RunningGeneration } from '../engines/engine.js';
import { ClientLeftError, type Outgoing } from '../http/exchange.js';
import { explainError } from '../http/explain-error.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { Clock } from '../observe/clock.js';
import type { AnswerForm } from './answer-form.js';
import { type Body, openBody } from './body.js';
import type { KeepAlives, KeptAlive } from './keep-alive.js';
import type { Meter } from './meter.js';
import type { Outcome } from './outcome.js';
import type { Transcript } from './transcript.js';
import type { Work } from './work.js';

/** Bytes that may wait for a client that takes them slowly, from an engine that does not pause; beyond, it is cut off. */
const UNSENT_BYTES_MAX = 16 * 1024 * 1024;

const COMPLETED: Outcome = { kind: 'completed' };

/** What an answer works with. */
export interface AnswerParts {
  readonly exchange: Outgoing;
  readonly streamed: boolean;
  readonly form: AnswerForm;
  readonly meter: Meter;
  readonly keepAlives: KeepAlives;
  readonly clock: Clock;
  /** What keeps the answer: then it runs to its end once it runs, whether its client is there or not. */
  readonly transcript?: Transcript | undefined;
}

/** Gives back and accounts for what the request took. */
export interface Settling {
  /**
   * Called once, before the client hears how its answer ended. Rejects only for a completed answer, when it could not be
   * accounted for: then it is not completed.
   */
  settle(outcome: Outcome, usage: Usage | undefined): MaybePromise<void>;
}

export class Answer implements GenerationSink, KeptAlive {
  readonly #parts: AnswerParts;
  readonly #body: Body;
  /** Made for the few that want to know. */
  #controller: AbortController | undefined;
  /** Why it was stopped, if it was. */
  #stopped: Error | undefined;
  readonly #ended = Promise.withResolvers<Outcome>();
  #settling: Settling | undefined;
  #running: RunningGeneration | undefined;
  #isPaused = false;
  #clientLeft = false;
  #gaveUp: ApiError | undefined;
  lastWriteAt: number;
  place = -1;
  waitingSince: number | undefined;

  /** Opens the answer; it must be ended by `run` or by `close`. */
  constructor(parts: AnswerParts) {
    this.#parts = parts;
    this.#body = openBody(parts.exchange, parts.streamed, parts.form, parts.transcript);
    this.lastWriteAt = parts.clock.now();
    this.waitingSince = this.lastWriteAt;
    parts.keepAlives.add(this);
    parts.exchange.onClientLeft(() => this.#leave());
  }

  /** Aborted when there is nobody to answer any more, or the answer has been given up: with the reason. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    return this.#controller.signal;
  }

  /** Nobody sees anything of a buffered answer before its end. */
  get takesResponse(): boolean {
    return !this.#parts.streamed;
  }

  /**
   * Runs work to its end and writes what comes of it to the client. Never rejects: every ending is an outcome.
   */
  run(work: Pick<Work, 'start'>, settling: Settling): Promise<Outcome> {
    this.#settling = settling;
    if (this.#stopped !== undefined) void this.#conclude(this.#reason(), undefined);
    else this.#running = work.start(this);
    return this.#ended.promise;
  }

  /** Ends an answer that does not run, with an error that the client has not heard of. */
  close(error: ApiError): void {
    this.#parts.keepAlives.remove(this);
    if (!this.#clientLeft && this.#gaveUp === undefined) this.#body.fail(error);
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
      this.#abandon(explainError(cause));
      return;
    }
    const { exchange } = this.#parts;
    if (exchange.bufferedBytes > UNSENT_BYTES_MAX) exchange.destroy();
    else if (exchange.isFull) this.#pause();
  }

  onEnd(end: GenerationEnd): void {
    this.waitingSince = undefined;
    this.#parts.meter.ended(end.usage, end.finishReason);
    if (this.#clientLeft || this.#gaveUp !== undefined) void this.#conclude(this.#reason(), end.usage);
    else this.#complete(end);
  }

  onFailure(error: ApiError, usage?: Usage): void {
    this.waitingSince = undefined;
    if (usage !== undefined) this.#parts.meter.ended(usage, 'aborted');
    const isOver = this.#clientLeft || this.#gaveUp !== undefined;
    void this.#conclude(isOver ? this.#reason() : { kind: 'failed', error }, usage);
  }

  restart(): boolean {
    return !this.#clientLeft && this.#gaveUp === undefined && this.#body.restart();
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
    this.#stop(error);
  }

  /** Holds the engine up until the client has taken what there is. */
  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#running?.pause?.();
    this.#parts.exchange.onDrained(() => this.#resume());
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#running?.resume?.();
  }

  /** The client is gone: what it would still get is dropped by the exchange. */
  #leave(): void {
    if (this.#parts.transcript !== undefined && this.#running !== undefined) {
      this.#resume();
      return;
    }
    this.#clientLeft = true;
    this.#stop(new ClientLeftError());
  }

  #stop(reason: Error): void {
    this.#stopped ??= reason;
    this.#controller?.abort(reason);
    this.#running?.abort();
  }

  /** Why the answer was over before the engine said so. */
  #reason(): Outcome {
    return this.#gaveUp === undefined ? { kind: 'client_left' } : { kind: 'failed', error: this.#gaveUp };
  }

  #complete(end: GenerationEnd): void {
    if ((end.lastEvents ?? end.response) !== undefined) this.#parts.meter.produced(this.#parts.clock.now());
    const send = this.#prepareEnd(end);
    if (typeof send !== 'function') {
      void this.#conclude(send, end.usage);
      return;
    }
    try {
      const settled = this.#settling?.settle(COMPLETED, end.usage);
      if (settled === undefined) this.#deliver(send);
      else settled.then(() => this.#deliver(send)).catch((cause) => this.#withhold(cause));
    } catch (cause) {
      this.#withhold(cause);
    }
  }

  #deliver(send: () => void): void {
    send();
    this.#end(COMPLETED);
  }

  /** The answer is whole, and could not be accounted for. */
  #withhold(cause: unknown): void {
    const error = explainError(cause);
    if (!this.#clientLeft) this.#body.fail(error);
    this.#end({ kind: 'failed', error });
  }

  /** What sends the end, or why there can be none. */
  #prepareEnd({ lastEvents, response }: GenerationEnd): (() => void) | Outcome {
    try {
      return this.#body.prepareEnd(lastEvents, response);
    } catch (cause) {
      return { kind: 'failed', error: explainError(cause) };
    }
  }

  async #conclude(outcome: Outcome, usage: Usage | undefined): Promise<void> {
    await this.#settling?.settle(outcome, usage);
    if (outcome.kind === 'failed' && !this.#clientLeft && this.#gaveUp === undefined) this.#body.fail(outcome.error);
    this.#end(outcome);
  }

  #end(outcome: Outcome): void {
    this.#parts.keepAlives.remove(this);
    this.#ended.resolve(outcome);
  }
}
