/** Runs a batch: every line asked once, as many in flight as the limits want, each result kept before it counts. */
import { KitError } from '../errors/kit-error.js';
import type { Endpoint } from '../kit/endpoint.js';
import type { LimiterSnapshot } from '../limiter/limiter.js';
import { type Clock, systemClock } from '../time/clock.js';
import { BatchRunner } from './batch-runner.js';
import type { BatchCheck, CheckOptions } from './check-batch.js';
import type { Journal } from './journal.js';
import type { BatchLines } from './line-source.js';
import type { TokenUse } from './output-line.js';
import type { PriceTable } from './price.js';
import type { BatchProgress, BatchSummary } from './progress.js';
import { ResultQueue } from './result-queue.js';
import type { ResumeOptions } from './resume.js';

export interface BatchOptions extends CheckOptions, ResumeOptions {
  /** A list, a stream, or a source that can be read twice. All but streams are checked whole before anything is sent. */
  readonly lines: BatchLines;
  readonly endpoint: Endpoint;
  /** The limiter inside of the endpoint: decides how many calls are kept open, and is shown. */
  readonly limiter?: { snapshot(): LimiterSnapshot | undefined } | undefined;
  /** Where results are kept, and what the run goes on from. Without one they are only handed out. */
  readonly journal?: Journal | undefined;
  /** A check of the same lines that was made already. */
  readonly check?: BatchCheck | undefined;
  /**
   * Calls that are open at most, 1 to 10,000. Default: as many as the limiter lets run and some that wait, at most 4,096;
   * 256 while no limit is known.
   */
  readonly concurrency?: number | undefined;
  /** The most that this run may cost, in nano-units. Needs prices, and `max_tokens` in the bodies to be exact. */
  readonly maxCost?: bigint | undefined;
  /** The most lines that may fail in this run: a number, or a part of all lines such as `{ part: 0.01 }`. */
  readonly maxErrors?: number | { readonly part: number } | undefined;
  /** The most lines that this run asks. */
  readonly limit?: number | undefined;
  /** Asks only lines that have failed before. Default: false. */
  readonly onlyFailed?: boolean | undefined;
  readonly prices?: PriceTable | undefined;
  /** How long one line may take with all its waiting, in ms. Default: 24 hours. */
  readonly deadlineMs?: number | undefined;
  /** How long the endpoint may be out of order until the run stops, in ms. Default: 15 minutes. */
  readonly outageMs?: number | undefined;
  /** Below 0 lets other requests of the same limiter go first. Default: -1. */
  readonly priority?: number | undefined;
  /** How often requests were sent again so far, as the endpoint counts it. */
  readonly retries?: (() => number) | undefined;
  /** Whether a call still waits to be sent, by its idempotency key. Those are given up when the run stops. Default: none. */
  readonly isWaiting?: ((idempotencyKey: string) => boolean) | undefined;
  /** Called about once a second and at the end. */
  readonly onProgress?: ((progress: BatchProgress) => void) | undefined;
  readonly clock?: Clock | undefined;
  /** Ends the run at once: what is in flight is given up, its lines have no result. See `stop` for an orderly end. */
  readonly signal?: AbortSignal | undefined;
}

/** What came of one line. */
export interface BatchResult {
  readonly customId: string;
  /** The number of the line. */
  readonly line: number;
  readonly succeeded: boolean;
  /** The HTTP status; undefined when there was no HTTP answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** The body of the answer. */
  readonly body: unknown;
  /** What went wrong, where the body does not say it. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly tokens: TokenUse | undefined;
}

/**
 * A run. It begins when it is first awaited or iterated over. Awaited, it gives the summary once all lines have their
 * results; iterated over, it gives each result as it comes, and goes no faster than they are taken. Do the one, or first
 * iterate and then await.
 *
 * @throws KitError invalid_input when lines are wrong or have changed; nothing was sent then, except where lines come
 * from a stream.
 */
export interface BatchRun extends PromiseLike<BatchSummary>, AsyncIterable<BatchResult> {
  /** How far it is. */
  progress(): BatchProgress;
  /** Asks no more lines and lets what is in flight finish. The summary comes then. */
  stop(): void;
}

/** Prepares a run; see `BatchRun` for how it begins. */
export function runBatch(options: BatchOptions): BatchRun {
  const { concurrency, limit, maxCost, prices } = options;
  requireCount('concurrency', concurrency, 10_000);
  requireCount('limit', limit, Number.MAX_SAFE_INTEGER);
  if (maxCost !== undefined && prices === undefined) throw invalid('`maxCost` needs `prices`.');
  return new LazyRun(options);
}

class LazyRun implements BatchRun {
  readonly #runner: BatchRunner;
  #summary: Promise<BatchSummary> | undefined;

  constructor(options: BatchOptions) {
    this.#runner = new BatchRunner(options, options.clock ?? systemClock);
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its summary, as a query builder is for its rows.
  then<Summary = BatchSummary, Failure = never>(
    onSummary?: ((summary: BatchSummary) => Summary | PromiseLike<Summary>) | null,
    onFailure?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Summary | Failure> {
    return this.#start(undefined).then(onSummary, onFailure);
  }

  [Symbol.asyncIterator](): AsyncIterator<BatchResult, undefined> {
    if (this.#summary !== undefined)
      throw invalid('A run hands its results out once: iterate over it before awaiting it.');
    const queue = new ResultQueue<BatchResult>(() => this.stop());
    this.#start(queue).then(
      () => queue.end(),
      (error: unknown) => queue.end({ error }),
    );
    return queue;
  }

  progress(): BatchProgress {
    return this.#runner.progress();
  }

  stop(): void {
    this.#runner.stop('stopped', 'It was asked to stop.');
  }

  #start(queue: ResultQueue<BatchResult> | undefined): Promise<BatchSummary> {
    this.#summary ??= this.#runner.run(queue);
    return this.#summary;
  }
}

function requireCount(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1 && value <= most)) return;
  throw invalid(`\`${name}\` must be a whole number from 1 to ${most}.`);
}

function invalid(message: string): KitError {
  return new KitError('invalid_input', message);
}
