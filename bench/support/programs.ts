/** Starts the benchmark's own programs and the server, each in a process of its own, and ends them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Program {
  readonly processId: number;
  /** The first line that it wrote. */
  readonly line: string;
  /** Asks it to end, and resolves with its exit code; null when a signal ended it. */
  stop(): Promise<number | null>;
}

export interface ProgramOptions {
  /** The compiled program. */
  readonly path: string;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** The processor to run on alone; any of them when it is left out. */
  readonly processor?: number | undefined;
  /** Where its stderr goes; default: nowhere. */
  readonly logPath?: string | undefined;
}

/** Starts a program with this very Node. Rejects when it ends before it has written a line. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const child = spawnProgram(options);
  const lines = createInterface(child.stdout!);
  const line = await Promise.race([once(lines, 'line'), once(child, 'exit')]).then(([first]: unknown[]) => first);
  if (typeof line !== 'string') throw new Error(`${options.path} ended at once with exit code ${line}.`);
  return { processId: child.pid ?? 0, line, stop: () => stopProgram(child) };
}

/** The same without waiting for anything. Its stdout has to be read. */
export function spawnProgram({ path, args = [], nodeArgs = [], processor, logPath }: ProgramOptions): ChildProcess {
  const command = [process.execPath, ...nodeArgs, path, ...args];
  const [first, ...rest] = processor === undefined ? command : ['taskset', '-c', String(processor), ...command];
  const stderr = logPath === undefined ? 'ignore' : openSync(logPath, 'a');
  return spawn(first!, rest, { stdio: ['ignore', 'pipe', stderr] });
}

export async function stopProgram(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** The absolute path of a compiled file of the benchmarks, such as `support/stub-program.js`. */
export function benchPath(relative: string): string {
  return fileURLToPath(new URL(`../${relative}`, import.meta.url));
}
