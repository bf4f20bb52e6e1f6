/** Starts `server-program.ts` in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ProgramSettings } from './answering-engine.js';

export interface SpawnedServer {
  readonly url: string;
  /** The first key of a new data folder. */
  readonly key: string | undefined;
  readonly processId: number;
  /** What it has written on stderr so far. */
  log(): string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Ends it in good order, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Resolves once it can answer requests. */
export async function spawnServer(settings: ProgramSettings): Promise<SpawnedServer> {
  const program = fileURLToPath(new URL('./server-program.js', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), exitedEarly(child, () => log)])) as [
    string,
  ];
  const { url, key } = JSON.parse(line) as { url: string; key?: string };
  return {
    url,
    key,
    processId: child.pid ?? 0,
    log: () => log,
    kill: () => end(child, 'SIGKILL').then(() => {}),
    stop: () => end(child, 'SIGTERM'),
  };
}

async function exitedEarly(child: ChildProcess, log: () => string): Promise<never> {
  await once(child, 'exit');
  throw new Error(`The server of the test ended at once:\n${log()}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
