/** What every way of fetching a model is given: how to be stopped, where to report to, how long to wait. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Tells the time; the clock of the server fits. Fetching models depends on nothing else of the server. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What happens while a model is fetched. */
export type ModelProgress =
  | {
      readonly kind: 'transfer';
      readonly phase: 'downloading' | 'unpacking' | 'checking';
      /** The file, without its folder. */
      readonly name: string;
      /** Bytes that are there, those of earlier attempts included. */
      readonly doneBytes: number;
      /** Bytes of the whole, undefined where the source does not say. */
      readonly totalBytes: number | undefined;
    }
  | {
      /** Something the user should know: a retry, a wait, another source. */
      readonly kind: 'notice';
      /** One sentence. */
      readonly message: string;
    };

export type ProgressHandler = (progress: ModelProgress) => void;

/** Everything in here that waits for another machine or another process. */
export interface Pace {
  /** Waits for `durationMs`; rejects with the signal's reason when it is aborted. */
  wait(durationMs: number, signal: AbortSignal): Promise<void>;
  /** How long a request may stay without an answer, in ms. */
  readonly responseTimeoutMs: number;
  /** How long an answer may stay without a further byte, in ms. */
  readonly idleTimeoutMs: number;
  /** Received bytes after which a dropped connection counts as the first one again. */
  readonly progressBytes: number;
}

export interface TransferContext {
  readonly signal: AbortSignal;
  readonly onProgress: ProgressHandler;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly pace: Pace;
  /** Whether http:// may be used with hosts other than this machine. */
  readonly allowPlainHttp: boolean;
  /** How often a source that gives no answer at all is asked again; 0 where another source is at hand. */
  readonly unreachableRetries: number;
}

/** The pace of real use. */
export const DEFAULT_PACE: Pace = {
  wait: (durationMs, signal) => sleep(durationMs, undefined, { signal }),
  responseTimeoutMs: 8_000,
  idleTimeoutMs: 30_000,
  progressBytes: 1024 * 1024,
};

/** A notice, said once. */
export function notify(context: Pick<TransferContext, 'onProgress'>, message: string): void {
  context.onProgress({ kind: 'notice', message });
}
