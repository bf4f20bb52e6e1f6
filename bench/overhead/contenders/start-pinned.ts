/** Starts a server under test on one processor, as every contender is started. */
import { join } from 'node:path';
import { ServerProcess } from '../../support/server-process.js';
import type { Setting } from './contender.js';

/** Its output goes to `output.log` in the folder of the setting. */
export function startPinned(
  setting: Setting,
  command: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): { server: ServerProcess; startedAtMs: number } {
  const [first, ...rest] = pin(setting.processor, [command, ...words]);
  const startedAtMs = performance.now();
  return { server: new ServerProcess(first!, rest, join(setting.folder, 'output.log'), environment), startedAtMs };
}

/** The words of a command that runs on one processor; as they are without one. */
export function pin(processor: number | undefined, words: readonly string[]): readonly string[] {
  return processor === undefined ? words : ['taskset', '--cpu-list', String(processor), ...words];
}
