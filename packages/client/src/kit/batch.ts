/** `kit.batch`: the batch runner, loaded when it is asked for, with the limiters of the kit inside. */
import type { BatchSummary } from '../batch/progress.js';
import type { BatchOptions, BatchResult, BatchRun } from '../batch/run-batch.js';
import type { LimiterSnapshot } from '../limiter/limiter.js';
import type { Endpoint } from './endpoint.js';

/** Lines, or the path of a file of them (Node and Bun). */
export type KitBatchInput = BatchOptions['lines'] | string;

export interface KitBatchOptions extends Omit<BatchOptions, 'lines' | 'endpoint' | 'limiter'> {
  /**
   * The path of the file for the answers, with its errors and its manifest beside it: what was asked already is not asked
   * again. Default: results are only handed out.
   */
  readonly output?: string;
}

/**
 * A run; see `BatchRun`. Awaited, it gives the summary; iterated over, each result as it comes. It begins with the one or
 * the other.
 */
export interface KitBatch extends PromiseLike<BatchSummary>, AsyncIterable<BatchResult> {
  /** Asks no more lines and lets what is in flight finish. */
  stop(): void;
}

export function startBatch(
  endpoint: Endpoint,
  snapshots: () => readonly LimiterSnapshot[],
  input: KitBatchInput,
  options: KitBatchOptions = {},
): KitBatch {
  const { output, ...given } = options;
  let isStopped = false;
  // In an object: a promise of something that can be awaited would await it.
  let loading: Promise<{ readonly run: BatchRun; readonly close: () => Promise<void> }> | undefined;
  const load = async () => {
    const { runBatch } = await import('../batch/run-batch.js');
    const files = typeof input === 'string' || output !== undefined ? await loadFiles() : undefined;
    const journal = output === undefined ? undefined : await files?.openFileJournal(output);
    const lines = typeof input === 'string' ? files!.readBatchFile(input) : input;
    const limiter = { snapshot: () => busiest(snapshots()) };
    const run = runBatch({ ...(journal && { journal }), ...given, lines, endpoint, limiter });
    if (isStopped) run.stop();
    return { run, close: async () => journal?.close() };
  };
  const start = () => {
    loading ??= load();
    return loading;
  };
  const finish = async () => {
    const { run, close } = await start();
    return Promise.resolve(run).finally(close);
  };
  return {
    // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its summary, as `BatchRun` is.
    then: (onSummary, onFailure) => finish().then(onSummary, onFailure),
    async *[Symbol.asyncIterator]() {
      const { run, close } = await start();
      try {
        yield* run;
      } finally {
        await close();
      }
    },
    stop() {
      isStopped = true;
      loading?.then(
        ({ run }) => run.stop(),
        () => {},
      );
    },
  };
}

/** Where each model has a limiter of its own, the one with the most requests decides and is shown. */
function busiest(limiters: readonly LimiterSnapshot[]): LimiterSnapshot | undefined {
  const load = ({ inFlight, waiting }: LimiterSnapshot) => inFlight + waiting;
  return [...limiters].sort((one, other) => load(other) - load(one))[0];
}

/** What needs files is not for browsers, so bundlers must not see where it is. */
async function loadFiles(): Promise<typeof import('../node/batch-index.js')> {
  const path = '../node/batch-index.js';
  return import(/* @vite-ignore */ path);
}
