/** One try of a request on one member: passes on what it sends, and gives its place back when it ends. */
import type { ApiError, Usage } from '@plumb/wire';
import type { FailureReason, GenerationEnd, GenerationSink, RunningGeneration } from '../engine.js';
import type { Lease, Member } from './member.js';

/** Hears how a try went; of the endings it hears one, once. */
export interface AttemptListener {
  onBegun(): void;
  onEnded(attempt: Attempt, end: GenerationEnd): void;
  onFailed(attempt: Attempt, failure: AttemptFailure): void;
}

export interface AttemptFailure {
  readonly error: ApiError;
  readonly usage: Usage | undefined;
  readonly reason: FailureReason;
}

export class Attempt implements GenerationSink {
  readonly member: Member;
  readonly #sink: GenerationSink;
  readonly #listener: AttemptListener;
  readonly #lease: Lease;
  #running: RunningGeneration | undefined;
  #hasAnswered = false;
  #isAborted = false;
  #isOver = false;

  /**
   * Takes a place of the member, which its ending gives back: it must be started.
   *
   * @param tokens What the request is expected to take.
   */
  constructor(member: Member, tokens: number, sink: GenerationSink, listener: AttemptListener) {
    this.member = member;
    this.#sink = sink;
    this.#listener = listener;
    this.#lease = member.begin(tokens);
  }

  /** Takes what the engine of its member has begun for it. */
  started(running: RunningGeneration): void {
    this.#running = running;
    // Whoever asked may have left while the engine took it on.
    if (this.#isAborted) running.abort();
  }

  /** Whether an event has been passed on. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get takesResponse(): boolean {
    return this.#sink.takesResponse === true;
  }

  abort(): void {
    this.#isAborted = true;
    this.#running?.abort();
  }

  pause(): void {
    this.#running?.pause?.();
  }

  resume(): void {
    this.#running?.resume?.();
  }

  onBegun(): void {
    this.#listener.onBegun();
  }

  onEvents(bytes: Uint8Array): void {
    if (!this.#hasAnswered) this.#answer();
    this.#sink.onEvents(bytes);
  }

  onEnd(end: GenerationEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#hasAnswered && (end.lastEvents ?? end.response) !== undefined) this.#answer();
    if (this.#isAborted) this.#abandon(end.usage);
    else this.member.succeed(this.#lease, end.usage);
    this.#listener.onEnded(this, end);
  }

  onFailure(error: ApiError, usage?: Usage, reason = guessReason(error)): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isAborted) this.#abandon(usage);
    else {
      this.member.fail(this.#lease, error, reason);
      if (usage !== undefined) this.member.countUsage(usage);
    }
    this.#listener.onFailed(this, { error, usage, reason });
  }

  #answer(): void {
    this.#hasAnswered = true;
    this.member.answered(this.#lease);
  }

  #abandon(usage: Usage | undefined): void {
    this.member.abandon(this.#lease);
    if (usage !== undefined) this.member.countUsage(usage);
  }
}

/** As the port has it for engines that do not say whose fault a failure is. */
function guessReason({ status }: ApiError): FailureReason {
  return { cause: status < 500 ? 'request' : 'engine' };
}
