/** Which processor works on what. */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { promisify } from 'node:util';

/** The processors of the parts; undefined lets a part use all of them. */
export interface Processors {
  contender?: number;
  helpers?: number;
}

/** With two processors or more the contender has one for itself, if `taskset` can keep it there. */
export async function choosePinning(): Promise<Processors> {
  if (availableParallelism() < 2) return {};
  try {
    // This process only waits most of the time, and should not be in the contender's way when it does not.
    await keepOn('1');
    return { contender: 0, helpers: 1 };
  } catch {
    return {};
  }
}

/** Lets this process, and those that it starts from now on, use all processors again. */
export async function release({ helpers }: Processors): Promise<void> {
  if (helpers !== undefined) await keepOn(`0-${cpus().length - 1}`);
}

async function keepOn(list: string): Promise<void> {
  await promisify(execFile)('taskset', ['--all-tasks', '--pid', '--cpu-list', list, String(process.pid)]);
}

/** The sentence of the report. */
export function describePinning({ contender }: Processors): string {
  return contender === undefined
    ? 'Nothing is pinned: there is one processor, or no taskset.'
    : 'The contender is pinned to one processor; the stub upstream and the load generator share another.';
}
