/** One generation on an upstream engine, from the request to its one ending. */
import type { Usage } from '@plumb/wire';
import type { GenerationJob, GenerationSink, RunningGeneration } from '../engine.js';
import { engineFailure, errorOf, reasonOf, type UpstreamFailure } from './failure.js';
import type { OpenStream, StreamReceiver } from './open-stream.js';
import { BodyReader } from './read-body.js';
import { readNetworkError } from './read-network-error.js';
import type { ResponseHeaders } from './read-retry-after.js';
import { type UpstreamUsage, writeUsage } from './read-usage.js';
import { Refusal } from './refusal.js';
import type { Watched } from './silence-watch.js';
import { AnswerTranslator } from './translate-answer.js';
import type { UpstreamParts } from './upstream-parts.js';

/** What a generation works with. */
export interface UpstreamGenerationParts {
  readonly job: GenerationJob;
  readonly sink: GenerationSink;
  readonly upstream: UpstreamParts;
  /** The engine's name of the model. */
  readonly model: string;
  /** The connection is free again, or closed. */
  readonly onOver: () => void;
}

/** `waiting` for the first output; `answering`; `ended` for the sink, while the rest of the body is read; `over`. */
type Phase = 'waiting' | 'answering' | 'ended' | 'over';

export class UpstreamGeneration implements RunningGeneration, StreamReceiver, Watched {
  readonly #parts: UpstreamGenerationParts;
  readonly #translator: AnswerTranslator;
  readonly #body: BodyReader;
  /** Events that the sink has not got yet. */
  readonly #output: Buffer[] = [];
  #stream: OpenStream | undefined;
  #phase: Phase = 'waiting';
  #isPaused = false;
  #hasBegun = false;
  #refusal: Refusal | undefined;
  silentTicks = 0;

  constructor(parts: UpstreamGenerationParts) {
    const { job, model, upstream } = parts;
    const { endpoint, kind, estimator, fastPath } = upstream;
    this.#parts = parts;
    this.#translator = new AnswerTranslator({
      ...{ job, estimator, fingerprint: endpoint.fingerprint(kind.name, model) },
      write: (events) => this.#output.push(Buffer.from(events)),
    });
    this.#body = new BodyReader({
      ...{ translator: this.#translator, reasoningFields: kind.reasoningFields, output: this.#output, fastPath },
      redact: (text) => endpoint.redact(text),
    });
  }

  /** Takes the stream that the answer comes in. */
  attach(stream: OpenStream): void {
    this.#stream = stream;
  }

  get silenceMaxMs(): number | undefined {
    const { firstEventTimeoutMs, idleTimeoutMs } = this.#parts.upstream;
    if (this.#phase === 'waiting') return firstEventTimeoutMs;
    return this.#isPaused ? undefined : idleTimeoutMs;
  }

  onSilence(): void {
    const reason = this.#phase === 'waiting' ? 'did not begin to answer in time' : 'fell silent in the middle';
    this.#interrupt(engineFailure(`it ${reason}`));
  }

  abort(): void {
    if (this.#hasEnded) return;
    const { job, sink } = this.#parts;
    const usage = this.#usage() ?? writeUsage(NOTHING_USED, job.thinking);
    this.#close();
    queueMicrotask(() => sink.onEnd({ usage, finishReason: 'aborted' }));
  }

  pause(): void {
    if (this.#hasEnded) return;
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.silentTicks = 0;
    this.#stream?.resume();
  }

  /** Ends it because the engine is taken away. */
  fail(failure: UpstreamFailure): void {
    if (this.#hasEnded) this.#close();
    else this.#fail(failure);
  }

  onHeaders(status: number, headers: ResponseHeaders): void {
    if (this.#hasEnded) return;
    if (status >= 300) {
      this.#refusal = new Refusal(status, headers);
      return;
    }
    this.#hasBegun = true;
    this.#parts.sink.onBegun();
  }

  onBytes(bytes: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#refusal === undefined) this.#read(bytes);
    else if (this.#refusal.push(bytes)) this.#refuse(this.#refusal);
  }

  onEnd(): void {
    if (this.#hasEnded) this.#over();
    else if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    else this.#conclude(this.#body.end());
  }

  onError(error: Error): void {
    if (this.#hasEnded) this.#over();
    else if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    else this.#interrupt(readNetworkError(error));
  }

  get #hasEnded(): boolean {
    return this.#phase === 'ended' || this.#phase === 'over';
  }

  #read(bytes: Buffer): void {
    const before = this.#body.events;
    const failure = this.#body.push(bytes);
    if (this.#parts.upstream.kind.sendsKeepAlives || this.#body.events > before) this.#showLife();
    if (failure === undefined && !this.#body.isDone) this.#sendEvents();
    else if (failure === undefined) this.#conclude(this.#body.end());
    else this.#interrupt(failure);
  }

  /** Before the first output only that counts: engines keep a request alive for as long as it waits. */
  #showLife(): void {
    if (this.#phase === 'waiting' && !this.#translator.hasOutput) return;
    this.#phase = 'answering';
    this.silentTicks = 0;
  }

  #sendEvents(): void {
    const events = this.#takeEvents();
    if (events !== undefined) this.#parts.sink.onEvents(events);
  }

  #takeEvents(): Buffer | undefined {
    const [first] = this.#output;
    if (first === undefined) return undefined;
    const events = this.#output.length === 1 ? first : Buffer.concat(this.#output);
    this.#output.length = 0;
    return events;
  }

  /** The answer has ended, well or not. */
  #conclude(failure: UpstreamFailure | undefined): void {
    if (failure === undefined) this.#complete();
    else this.#fail(failure);
  }

  /** Something went wrong: which does not matter to an answer that is complete. */
  #interrupt(failure: UpstreamFailure): void {
    if (this.#hasEnded) this.#close();
    else if (this.#translator.isFinished) {
      this.#complete();
      this.#close();
    } else this.#fail(failure);
  }

  #complete(): void {
    const { sink } = this.#parts;
    this.#sendEvents();
    // The sink may have given up on what it just got.
    if (this.#hasEnded) return;
    const end = this.#translator.end();
    const lastEvents = this.#takeEvents();
    this.#phase = 'ended';
    this.silentTicks = 0;
    // Whoever takes the answer slowly must not keep the connection.
    if (this.#isPaused) this.resume();
    queueMicrotask(() => sink.onEnd(lastEvents === undefined ? end : { ...end, lastEvents }));
  }

  #fail(failure: UpstreamFailure): void {
    const { sink, upstream } = this.#parts;
    this.#sendEvents();
    if (this.#hasEnded) return;
    const usage = this.#translator.hasOutput ? this.#usage() : undefined;
    this.#close();
    const error = errorOf(failure, upstream.endpoint.shownUrl);
    queueMicrotask(() => sink.onFailure(error, usage, reasonOf(failure)));
  }

  #refuse(refusal: Refusal): void {
    this.#fail(refusal.read(this.#parts.upstream));
  }

  /** Undefined while the engine has not begun. */
  #usage(): Usage | undefined {
    return this.#hasBegun ? this.#translator.usage() : undefined;
  }

  #close(): void {
    this.#stream?.abort();
    this.#over();
  }

  #over(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#parts.onOver();
  }
}

const NOTHING_USED: UpstreamUsage = {
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
};
