/** CPU time and memory of a contender with all of its threads and child processes, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';
import { listChildren } from '../support/process-usage.js';

/** Linux counts memory in pages of this size on every machine that Node is built for. */
const PAGE_BYTES = 4096;

/** A process and all that it has started. */
export function listTree(processId: number): number[] {
  return [processId, ...listChildren(processId).flatMap(listTree)];
}

/** CPU time of all threads that are there, in microseconds; of the scheduler, and so finer than its ticks. */
export function readCpuUs(processIds: readonly number[]): number {
  let nanoseconds = 0;
  for (const processId of processIds) {
    for (const thread of listThreads(processId)) {
      nanoseconds += readFirstNumber(`/proc/${processId}/task/${thread}/schedstat`);
    }
  }
  return nanoseconds / 1000;
}

/** Memory that is resident, in bytes; what processes share counts for each of them. */
export function readRssBytes(processIds: readonly number[]): number {
  return processIds.reduce((total, processId) => total + readResidentPages(processId) * PAGE_BYTES, 0);
}

function listThreads(processId: number): string[] {
  return readUnlessGone(() => readdirSync(`/proc/${processId}/task`)) ?? [];
}

function readFirstNumber(path: string): number {
  return Number.parseInt(readUnlessGone(() => readFileSync(path, 'latin1')) ?? '0', 10);
}

function readResidentPages(processId: number): number {
  const text = readUnlessGone(() => readFileSync(`/proc/${processId}/statm`, 'latin1'));
  return Number(text?.split(' ')[1] ?? 0);
}

/** Undefined when the process or thread has ended. */
function readUnlessGone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) {
      return undefined;
    }
    throw error;
  }
}
