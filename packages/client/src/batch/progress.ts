/** How far a batch is, and how it ended: what is shown while it runs and told when it is over. */
import type { LimiterSnapshot } from '../limiter/limiter.js';
import type { Resumed } from './resume.js';
import type { Obstacle } from './send-line.js';

/** Why a run ended before all lines were asked. */
export type StopReason =
  | Obstacle
  /** It was asked to stop; what was in flight has finished. */
  | 'stopped'
  /** The next line might have cost more than `maxCost` allows. */
  | 'max_cost'
  /** More lines failed than `maxErrors` allows. */
  | 'max_errors'
  /** As many lines as `limit` says were asked. */
  | 'limit';

export interface BatchCounts {
  /** Lines of the input; undefined while they are not known. */
  readonly total: number | undefined;
  /** What earlier runs have left. */
  readonly resumed: Resumed;
  /** Lines that this run has an answer for. */
  readonly succeeded: number;
  /** Lines that failed in this run. */
  readonly failed: number;
  readonly promptTokens: number;
  /** The part of them that came from the cache. */
  readonly cachedTokens: number;
  readonly answerTokens: number;
  /** What this run cost so far, in nano-units; undefined when a price is not known. */
  readonly cost: bigint | undefined;
}

export interface BatchProgress extends BatchCounts {
  /** Calls that are open: requests that wait for the limits, run, or are kept. */
  readonly inFlight: number;
  /** Requests that were sent again so far; undefined when the endpoint does not tell. */
  readonly retries: number | undefined;
  readonly limiter: LimiterSnapshot | undefined;
  /** What the whole run will cost at the prices of this moment, in nano-units. */
  readonly projectedCost: bigint | undefined;
  /** Until the end, in ms; undefined while nothing is known. */
  readonly remainingMs: number | undefined;
  readonly elapsedMs: number;
}

export interface BatchSummary extends BatchCounts {
  /** Undefined when every line was asked. */
  readonly stopped: { readonly reason: StopReason; readonly message: string } | undefined;
  /** Lines that have no result yet; undefined when the number of lines is not known. */
  readonly pending: number | undefined;
  readonly durationMs: number;
}
