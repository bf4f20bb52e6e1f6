/** One generation on an upstream engine, from the request to its one ending. */
import type { Usage } from '@plumb/wire';
import type { GenerationEnd, GenerationSink, RunningGeneration } from '../engine.js';
import type { UpstreamAnswer } from './answer.js';
import type { Delivering } from './deliveries.js';
import { engineFailure, errorOf, reasonOf, type UpstreamFailure } from './failure.js';
import type { OpenStream, StreamReceiver } from './open-stream.js';
import { readNetworkError } from './read-network-error.js';
import type { ResponseHeaders } from './read-retry-after.js';
import { type UpstreamUsage, writeUsage } from './read-usage.js';
import { Refusal } from './refusal.js';
import type { Watched } from './silence-watch.js';
import type { UpstreamParts } from './upstream-parts.js';

/** What a generation works with. */
export interface UpstreamGenerationParts {
  readonly answer: UpstreamAnswer;
  readonly sink: GenerationSink;
  readonly upstream: UpstreamParts;
  /** The connection is free again, or closed. */
  readonly onOver: (generation: UpstreamGeneration) => void;
}

/** `waiting` for the first output; `answering`; `ended` for the sink, while the rest of the body is read; `over`. */
type Phase = 'waiting' | 'answering' | 'ended' | 'over';

export class UpstreamGeneration implements RunningGeneration, StreamReceiver, Watched, Delivering {
  readonly #parts: UpstreamGenerationParts;
  readonly #answer: UpstreamAnswer;
  #stream: OpenStream | undefined;
  #phase: Phase = 'waiting';
  #isPaused = false;
  #hasBegun = false;
  #refusal: Refusal | undefined;
  #end: GenerationEnd | undefined;
  /** Whether it will be asked to deliver what it has. */
  #isDue = false;
  silentTicks = 0;
  place = -1;

  constructor(parts: UpstreamGenerationParts) {
    this.#parts = parts;
    this.#answer = parts.answer;
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
    const usage = this.#usage() ?? writeUsage(NOTHING_USED, this.#answer.thinking);
    this.#close();
    this.#endWith({ usage, finishReason: 'aborted' });
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
    else {
      this.#conclude(this.#answer.end());
      this.#over();
    }
  }

  onError(error: Error): void {
    if (this.#hasEnded) this.#over();
    else if (this.#refusal !== undefined) this.#refuse(this.#refusal);
    else this.#interrupt(readNetworkError(error));
  }

  get #hasEnded(): boolean {
    return this.#phase === 'ended' || this.#phase === 'over';
  }

  /** Hands on the events that have become ready, or the end. */
  deliver(): void {
    this.#isDue = false;
    const end = this.#end;
    if (end === undefined) {
      if (!this.#hasEnded) this.#sendEvents();
      return;
    }
    this.#end = undefined;
    this.#parts.sink.onEnd(end);
  }

  #deliverSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#parts.upstream.deliveries.add(this);
  }

  #endWith(end: GenerationEnd): void {
    this.#end = end;
    this.#deliverSoon();
  }

  #read(bytes: Buffer): void {
    const before = this.#answer.events;
    const failure = this.#answer.push(bytes);
    if (this.#parts.upstream.kind.sendsKeepAlives || this.#answer.events > before) this.#showLife();
    if (failure === undefined && !this.#answer.isDone) this.#deliverSoon();
    else if (failure === undefined) this.#conclude(this.#answer.end());
    else this.#interrupt(failure);
  }

  /** Before the first output only that counts: engines keep a request alive for as long as it waits. */
  #showLife(): void {
    if (this.#phase === 'waiting' && !this.#answer.hasOutput) return;
    this.#phase = 'answering';
    this.silentTicks = 0;
  }

  #sendEvents(): void {
    const events = this.#answer.take();
    if (events !== undefined) this.#parts.sink.onEvents(events);
  }

  /** The answer has ended, well or not. */
  #conclude(failure: UpstreamFailure | undefined): void {
    if (failure === undefined) this.#complete();
    else this.#fail(failure);
  }

  /** Something went wrong: which does not matter to an answer that is complete. */
  #interrupt(failure: UpstreamFailure): void {
    if (this.#hasEnded) this.#close();
    else if (this.#answer.isFinished) {
      this.#complete();
      this.#close();
    } else this.#fail(failure);
  }

  #complete(): void {
    this.#sendEvents();
    // The sink may have given up on what it just got.
    if (this.#hasEnded) return;
    this.#endWith(this.#answer.conclude());
    this.#phase = 'ended';
    this.silentTicks = 0;
    // Whoever takes the answer slowly must not keep the connection.
    if (this.#isPaused) this.resume();
  }

  #fail(failure: UpstreamFailure): void {
    const { sink, upstream } = this.#parts;
    this.#sendEvents();
    if (this.#hasEnded) return;
    const usage = this.#answer.hasOutput ? this.#usage() : undefined;
    this.#close();
    const error = errorOf(failure, upstream.endpoint.shownUrl);
    queueMicrotask(() => sink.onFailure(error, usage, reasonOf(failure)));
  }

  #refuse(refusal: Refusal): void {
    this.#fail(refusal.read(this.#parts.upstream));
  }

  /** Undefined while the engine has not begun. */
  #usage(): Usage | undefined {
    return this.#hasBegun ? this.#answer.usage() : undefined;
  }

  #close(): void {
    this.#stream?.abort();
    this.#over();
  }

  #over(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#parts.onOver(this);
  }
}

const NOTHING_USED: UpstreamUsage = {
  promptTokens: 0,
  completionTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
};
