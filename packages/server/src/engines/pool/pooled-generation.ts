/**
 * The way of one request through a pool: it waits for a place, is tried on a member, and, while nothing has reached its
 * client, on another one when the first fails. Whatever happens, its sink hears one beginning and one ending.
 */
import { type ApiError, serviceUnavailable } from '@plumb/wire';
import type { Engine, FailureCause, GenerationEnd, GenerationSink, RunningGeneration } from '../engine.js';
import { Attempt, type AttemptFailure, type AttemptListener } from './attempt.js';
import type { Work } from './choose/choice.js';
import type { Waiter } from './fair-queue.js';
import type { Member } from './member.js';

/** A request as a pool sees it. */
export interface PooledWork extends Work {
  readonly account: string;
  /** Begins it on an engine. */
  start(engine: Engine, sink: GenerationSink): RunningGeneration;
}

/** What a request asks of its pool. */
export interface Places {
  /** Gives the request a place now or later by `begin`, or refuses it by `refuse`. */
  ask(generation: PooledGeneration): void;
  /** Takes a request back that waits. */
  leave(generation: PooledGeneration): void;
  /** Whether there is a member to try it on that it was not tried on before, and a retry may be made; takes that retry. */
  takeRetry(generation: PooledGeneration): boolean;
  /** A member has come to the end of a request, which has been answered or asked for another place. */
  free(member: Member): void;
  /** 503, with the time at which asking again is of use. */
  unavailable(detail: string, cause?: ApiError): ApiError;
}

const NONE: readonly Member[] = [];

export class PooledGeneration implements RunningGeneration, AttemptListener, Waiter, Work {
  readonly #work: PooledWork;
  /** The members that it was tried on. */
  tried: readonly Member[] = NONE;
  readonly #sink: GenerationSink;
  readonly #places: Places;
  #attempt: Attempt | undefined;
  #hasBegun = false;
  #isAborted = false;
  #isOver = false;

  constructor(work: PooledWork, sink: GenerationSink, places: Places) {
    this.#work = work;
    this.#sink = sink;
    this.#places = places;
  }

  get account(): string {
    return this.#work.account;
  }

  get job(): Work['job'] {
    return this.#work.job;
  }

  get tokens(): number {
    return this.#work.tokens;
  }

  /** Tries it on a member that has a place. */
  begin(member: Member): void {
    this.tried = [...this.tried, member];
    const attempt = new Attempt(member, this.#work.tokens, this.#sink, this);
    this.#attempt = attempt;
    attempt.started(this.#work.start(member.engine, attempt));
  }

  /** Ends it because there is no place for it; never before whoever calls has returned. */
  refuse(error: ApiError): void {
    queueMicrotask(() => this.#fail(error));
  }

  abort(): void {
    if (this.#isAborted || this.#isOver) return;
    this.#isAborted = true;
    if (this.#attempt !== undefined) this.#attempt.abort();
    else {
      this.#places.leave(this);
      this.refuse(serviceUnavailable({ detail: 'the request was given up before it began' }));
    }
  }

  pause(): void {
    this.#attempt?.pause();
  }

  resume(): void {
    this.#attempt?.resume();
  }

  onBegun(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#sink.onBegun();
  }

  onEnded({ member }: Attempt, end: GenerationEnd): void {
    this.#isOver = true;
    this.#sink.onEnd(end);
    this.#places.free(member);
  }

  onFailed(attempt: Attempt, failure: AttemptFailure): void {
    const { cause } = failure.reason;
    if (this.#mayBeTriedAgain(attempt, cause)) {
      this.#attempt = undefined;
      this.#places.ask(this);
    } else {
      this.#isOver = true;
      this.#sink.onFailure(this.#explain(failure.error, cause), failure.usage, failure.reason);
    }
    this.#places.free(attempt.member);
  }

  /** Takes a retry when it says so. A buffered answer can begin again although events have come: its client saw none. */
  #mayBeTriedAgain({ hasAnswered }: Attempt, cause: FailureCause): boolean {
    if (this.#isAborted || cause === 'request' || !this.#places.takeRetry(this)) return false;
    return !hasAnswered || this.#sink.restart?.() === true;
  }

  /** What is between the engine and its operator is not the client's: it only hears that there is no engine for it. */
  #explain(error: ApiError, cause: FailureCause): ApiError {
    if (cause === 'operator') return this.#places.unavailable('the engine refuses the operator', error);
    if (cause === 'busy') return this.#places.unavailable('the engines have too much to do', error);
    return error;
  }

  #fail(error: ApiError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.onFailure(error);
  }
}
