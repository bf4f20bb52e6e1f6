/** What is asked of one worker, and of all of them, as it travels: a name and its arguments. */
import type { Operations } from '../../admin/operations.js';
import type { Config } from '../../config/settings.js';
import type { MetricValues } from '../../observe/metrics.js';
import type { ReloadReport } from '../../platform.js';

/** What a worker does for the primary. */
export interface WorkerVerbs extends Omit<Operations, 'metrics' | 'reload'> {
  /** Everything that this worker has counted. */
  metricValues(): Promise<MetricValues>;
  /** Takes on its part of a configuration. Throws a ConfigError; then nothing changed. */
  takeOn(config: Config): ReloadReport;
  /** Resolves with the names of what generates. */
  ready(): Promise<string[]>;
  /** Stops and then ends; resolves with how many connections were cut. */
  stop(timeoutMs: number): Promise<number>;
}

type Call<Verbs, Name extends keyof Verbs> = Verbs[Name] extends (...args: infer Args) => unknown
  ? readonly [Name, ...Args]
  : never;

/** Something that one worker does. */
export type PerformCall = { [Name in keyof WorkerVerbs]: Call<WorkerVerbs, Name> }[keyof WorkerVerbs];

/** Something that operators want of all workers. */
export type OperateCall = { [Name in keyof Operations]: Call<Operations, Name> }[keyof Operations];

/** Calls what a message names. */
export function call<Verbs extends object>(
  verbs: Verbs,
  [name, ...args]: readonly [keyof Verbs, ...unknown[]],
): unknown {
  return (verbs[name] as (...args: unknown[]) => unknown)(...args);
}
