/** A server in a process of its own, on one processor where that can be had, whose processor time is looked at. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface MeasuredProcess {
  readonly url: string;
  readonly key: string;
  /** Processor time of all its threads that live, in µs. */
  cpuMicroseconds(): number;
  stop(): Promise<void>;
}

/** Whether this system tells the processor time of other processes. */
export const HAS_SCHEDSTAT = existsSync('/proc/self/schedstat');

/** Starts a compiled program of this folder, such as `bare-program.js`, and reads the line of JSON that it prints. */
export async function startMeasured(program: string, args: readonly string[]): Promise<MeasuredProcess> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const command = [...pinning(), process.execPath, path, ...args];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${program} ended at once.`)));
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string];
  ended.catch(() => {});
  const { url, key } = JSON.parse(line) as { url: string; key: string };
  return { url, key, cpuMicroseconds: () => readCpu(child.pid ?? 0), stop: () => stop(child) };
}

/** On the first processor alone, so that the load does not chase it from one to the next. */
function pinning(): string[] {
  if (availableParallelism() < 2) return [];
  return spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];
}

function readCpu(processId: number): number {
  const threads = readdirSync(`/proc/${processId}/task`);
  return threads.reduce((sum, thread) => sum + readThread(`/proc/${processId}/task/${thread}/schedstat`), 0);
}

/** The first number is the time on a processor, in ns. */
function readThread(path: string): number {
  try {
    return Number(readFileSync(path, 'latin1').split(' ')[0]) / 1000;
  } catch {
    // The thread has ended since the folder was listed.
    return 0;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
