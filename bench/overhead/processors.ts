/** Which processor works on what. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
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
    // This process waits for the others most of the time; where it does, it should not be in the contender's way.
    await promisify(execFile)('taskset', ['--all-tasks', '--pid', '--cpu-list', '1', String(process.pid)]);
    return { contender: 0, helpers: 1 };
  } catch {
    return {};
  }
}

/** The sentence of the report. */
export function describePinning({ contender }: Processors): string {
  return contender === undefined
    ? 'Nothing is pinned: there is one processor, or no taskset.'
    : 'The contender is pinned to one processor; the stub upstream and the load generator share another.';
}
