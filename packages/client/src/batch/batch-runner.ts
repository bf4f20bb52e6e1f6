/** The course of a run: check, resume, then keep calls open until the lines are done or something ends it early. */
import { KitError } from '../errors/kit-error.js';
import type { Clock } from '../time/clock.js';
import { type BatchRequest, readBatchLine } from './batch-line.js';
import { LinePlan } from './line-plan.js';
import { openLines } from './line-source.js';
import { renderOutputLine } from './output-line.js';
import type { BatchProgress, BatchSummary, StopReason } from './progress.js';
import type { ResultQueue } from './result-queue.js';
import type { BatchOptions, BatchResult } from './run-batch.js';
import { type Sent, sendLine } from './send-line.js';
import { Tally } from './tally.js';

/** Calls that are open at most where nobody says. */
const CONCURRENCY = 256;
/** Calls beyond what the limiter lets run, so that it is never without one that waits. */
const BACKLOG = 32;
const CONCURRENCY_MAX = 4096;
/** Bodies that are held at once at most, in characters; one is always held. */
const OPEN_CHARACTERS_MAX = 64 * 1024 * 1024;
const PROGRESS_MS = 1000;
/** How often a run that stops looks for calls that wait again. */
const DRAIN_MS = 100;
const DAY_MS = 24 * 60 * 60_000;
const OUTAGE_MS = 15 * 60_000;

/** Ends a call that was not sent yet: its line stays to be asked. */
const GIVEN_UP = Symbol('given up');

export class BatchRunner {
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #tally: Tally;
  /** What ends each call, by its idempotency key. */
  readonly #calls = new Map<string, AbortController>();
  readonly #plan: LinePlan;
  #queue: ResultQueue<BatchResult> | undefined;
  #launched = 0;
  #inFlight = 0;
  #openCharacters = 0;
  #lastModel: string | undefined;
  #stopped: { readonly reason: StopReason; readonly message: string } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(options: BatchOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#plan = new LinePlan(options);
    this.#tally = new Tally(clock.now(), options.prices, options.tokenCounter);
  }

  async run(queue: ResultQueue<BatchResult> | undefined): Promise<BatchSummary> {
    this.#queue = queue;
    const leave = () => this.#fail(this.#options.signal?.reason);
    this.#options.signal?.addEventListener('abort', leave, { once: true });
    const endReports = this.#reportProgress();
    try {
      this.#options.signal?.throwIfAborted();
      await this.#plan.prepare();
      await this.#feed();
    } catch (error) {
      this.#fail(error);
    } finally {
      await this.#drain();
      endReports();
      this.#options.signal?.removeEventListener('abort', leave);
      await this.#options.journal?.close().catch((error: unknown) => this.#fail(error));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#summarize();
  }

  /** Asks no more lines. The first reason stays, unless it is that all lines were asked that should be. */
  stop(reason: StopReason, message: string): void {
    if (this.#stopped === undefined || this.#stopped.reason === 'limit') this.#stopped = { reason, message };
    this.#giveUpWaiting();
    this.#wake?.();
  }

  /** Ends the calls of a run that stops which wait to be sent, or to be sent again. */
  #giveUpWaiting(): void {
    if (this.#stopped === undefined || this.#stopped.reason === 'limit') return;
    for (const [key, controller] of this.#calls) {
      if (this.#options.isWaiting?.(key) !== true) continue;
      this.#calls.delete(key);
      controller.abort(GIVEN_UP);
    }
  }

  /** Resolves when no call is open any more. */
  async #drain(): Promise<void> {
    while (this.#inFlight > 0) {
      this.#giveUpWaiting();
      const cancel = this.#clock.after(DRAIN_MS, () => this.#wake?.());
      await this.#change();
      cancel();
    }
  }

  progress(): BatchProgress {
    const now = this.#clock.now();
    const left = this.#plan.left(this.#tally.succeeded + this.#tally.failed);
    const limiter = this.#options.limiter?.snapshot();
    return {
      ...this.#counts(),
      inFlight: this.#calls.size,
      retries: this.#options.retries?.(),
      limiter,
      projectedCost: this.#tally.projectCost(left, this.#lastModel, now),
      remainingMs: this.#tally.estimateRemaining(left, limiter, now),
      elapsedMs: now - this.#tally.startedAt,
    };
  }

  async #feed(): Promise<void> {
    for await (const source of openLines(this.#options.lines)) {
      if (this.#isOver()) return;
      const request = 'problem' in source ? source.problem : readBatchLine(source.value, source.line, this.#options);
      if (typeof request === 'string') throw new KitError('invalid_input', `Line ${source.line}: ${request}.`);
      const idempotencyKey = this.#plan.take(request);
      if (idempotencyKey === undefined) continue;
      if (this.#launched === this.#options.limit) return this.stop('limit', `${this.#launched} lines were asked.`);
      const quote = await this.#roomFor(request);
      if (quote === undefined) return;
      this.#launch(request, idempotencyKey, quote);
    }
  }

  /** Waits until a line may be asked; the most that it can cost, or undefined when the run ends before. */
  async #roomFor(request: BatchRequest): Promise<bigint | undefined> {
    const { maxCost } = this.#options;
    while (!this.#isOver()) {
      const isRoomy = this.#inFlight < this.#width() && this.#openCharacters < OPEN_CHARACTERS_MAX;
      const quote = maxCost === undefined ? 0n : this.#tally.quote(request, this.#clock.now());
      if (quote === undefined) {
        throw new KitError(
          'invalid_input',
          `The price of "${request.model}" is not known, so that no cost can be kept.`,
        );
      }
      const isAffordable = maxCost === undefined || this.#tally.committed + quote <= maxCost;
      if (isRoomy && isAffordable) return quote;
      if (!isAffordable && this.#inFlight === 0) {
        this.stop('max_cost', 'The next line may cost more than is left of the most that the run may cost.');
        return undefined;
      }
      await this.#change();
    }
    return undefined;
  }

  /**
   * How many calls are kept open. Where a rate is known the limiter holds them back, so that some always wait; where
   * nothing is known, nothing but their number keeps the endpoint from being flooded.
   */
  #width(): number {
    const { concurrency, limiter } = this.#options;
    if (concurrency !== undefined) return concurrency;
    const state = limiter?.snapshot();
    const limits = (state?.axes ?? []).filter(({ limit }) => limit !== undefined && Number.isFinite(limit));
    const atOnce = limits.find(({ axis }) => axis === 'concurrency')?.limit;
    if (atOnce !== undefined) return Math.min(Math.ceil(atOnce) + BACKLOG, CONCURRENCY_MAX);
    return limits.length === 0 ? CONCURRENCY : Math.min((state?.inFlight ?? 0) + CONCURRENCY, CONCURRENCY_MAX);
  }

  #launch(request: BatchRequest, idempotencyKey: string, quote: bigint): void {
    this.#launched += 1;
    this.#inFlight += 1;
    this.#openCharacters += request.bodyText.length;
    this.#lastModel = request.model;
    this.#tally.reserve(quote);
    void this.#serve(request, idempotencyKey)
      .catch((error: unknown) => {
        if (error !== GIVEN_UP) this.#fail(error);
      })
      .finally(() => {
        this.#calls.delete(idempotencyKey);
        this.#inFlight -= 1;
        this.#openCharacters -= request.bodyText.length;
        this.#tally.release(quote);
        this.#wake?.();
      });
  }

  async #serve(request: BatchRequest, idempotencyKey: string): Promise<void> {
    const { endpoint, priority = -1, deadlineMs = DAY_MS, outageMs = OUTAGE_MS, journal } = this.#options;
    const controller = new AbortController();
    this.#calls.set(idempotencyKey, controller);
    const { signal } = controller;
    const sent = await sendLine(request, { endpoint, idempotencyKey, priority, deadlineMs, outageMs, signal });
    if (sent.kind === 'obstacle') return this.stop(sent.obstacle, sent.message);
    const file = sent.kind === 'answer' ? 'results' : 'errors';
    await journal?.append(file, renderOutputLine(request, sent.outcome));
    const now = this.#clock.now();
    this.#tally.count(sent.kind, request.model, sent.tokens, paidAt(sent.createdAt, now), now);
    if (this.#hasTooManyErrors()) this.stop('max_errors', `${this.#tally.failed} lines failed, which is too many.`);
    await this.#queue?.put(toResult(request, sent));
  }

  #hasTooManyErrors(): boolean {
    const { maxErrors } = this.#options;
    if (maxErrors === undefined) return false;
    if (typeof maxErrors === 'number') return this.#tally.failed > maxErrors;
    const lines = this.#plan.total ?? Math.max(this.#tally.succeeded + this.#tally.failed, ERRORS_SAMPLE);
    return this.#tally.failed > maxErrors.part * lines;
  }

  /** Ends the run with an error: the first one is told, and what is in flight is given up. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const controller of this.#calls.values()) controller.abort(error);
    this.#wake?.();
  }

  #isOver(): boolean {
    return this.#stopped !== undefined || this.#failure !== undefined;
  }

  /** Resolves when something has changed. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #reportProgress(): () => void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return () => {};
    let cancel = () => {};
    const again = () => {
      cancel = this.#clock.after(PROGRESS_MS, () => {
        onProgress(this.progress());
        again();
      });
    };
    again();
    return () => {
      cancel();
      onProgress(this.progress());
    };
  }

  #counts() {
    const { succeeded, failed, promptTokens, cachedTokens, answerTokens, cost } = this.#tally;
    const { total, resumed } = this.#plan;
    return { total, resumed, succeeded, failed, promptTokens, cachedTokens, answerTokens, cost };
  }

  #summarize(): BatchSummary {
    const { succeeded, failed, startedAt } = this.#tally;
    const { pending } = this.#plan;
    return {
      ...this.#counts(),
      stopped: this.#stopped,
      pending: pending === undefined ? undefined : pending - succeeded - failed,
      durationMs: this.#clock.now() - startedAt,
    };
  }
}

/** Lines that are taken to be there at least where a part of them may fail and their number is not known. */
const ERRORS_SAMPLE = 100;

/** The price is that of the moment at which the endpoint took the request, unless its clock is far off. */
function paidAt(createdAt: number | undefined, now: number): number {
  return createdAt !== undefined && Math.abs(now - createdAt) < DAY_MS ? createdAt : now;
}

function toResult(request: BatchRequest, sent: Exclude<Sent, { kind: 'obstacle' }>): BatchResult {
  const { status, requestId, error } = sent.outcome;
  const { customId, line } = request;
  return {
    customId,
    line,
    succeeded: sent.kind === 'answer',
    status,
    requestId,
    body: sent.body,
    error,
    tokens: sent.tokens,
  };
}
