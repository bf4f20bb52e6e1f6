/** Starts processes in which time passes faster, and tells what time it is there. */
import { fileURLToPath } from 'node:url';

export interface TimeScale {
  /** How many times faster. */
  readonly factor: number;
  /** When it began, in ms since the epoch: there it was the same time here and there. */
  readonly beginMs: number;
}

/** The words before a program, for Node. */
export function timedWords(): string[] {
  return ['--import', new URL('./fast-time.js', import.meta.url).href];
}

export function timedEnvironment({ factor, beginMs }: TimeScale): NodeJS.ProcessEnv {
  return { ...process.env, PLUMB_TIME_SCALE: String(factor), PLUMB_TIME_BEGIN: String(beginMs) };
}

/** The time in those processes, in ms since the epoch. */
export function timeThere({ factor, beginMs }: TimeScale): number {
  const now = performance.timeOrigin + performance.now();
  return beginMs + (now - beginMs) * factor;
}

/** The path of a compiled program of the benchmarks. */
export function programPath(relative: string): string {
  return fileURLToPath(new URL(`../${relative}`, import.meta.url));
}
