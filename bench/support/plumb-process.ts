/** `plumb serve` in a process of its own, as people run it. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DataFolder } from './data-folder.js';
import { spawnProgram, stopProgram } from './programs.js';

export interface ServerProcess {
  readonly url: string;
  readonly processId: number;
  /** From starting the process to its first answer with status 200, to `GET /healthz`, in ms. */
  readonly firstAnswerMs: number;
  /** From starting the process to the moment when its engines were all ready. */
  readonly readyMs: number;
  /** Lets it finish and end; resolves with its exit code. */
  stop(): Promise<number | null>;
}

export interface ServerProcessOptions {
  readonly folder: Pick<DataFolder, 'dataDir' | 'configPath'>;
  readonly nodeArgs?: readonly string[];
  readonly processor?: number;
  /** Where the log goes; it is written in any case. */
  readonly logPath?: string;
}

const CLI = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url));
/** How often a server is asked whether it is there, in ms. */
const POLL_MS = 2;
/** How long a server may take, in ms. */
const START_TIMEOUT_MS = 60_000;

/** Resolves when all of its engines can answer. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { folder, nodeArgs, processor, logPath } = options;
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const args = ['serve', '--config', folder.configPath, '--data-dir', folder.dataDir, '--port', String(port)];
  const startedAt = performance.now();
  const child = spawnProgram({ path: CLI, args, nodeArgs: nodeArgs ?? [], processor, logPath: logPath ?? '/dev/null' });
  child.stdout!.resume();
  const isOver = () => child.exitCode !== null;
  const firstAnswerMs = (await untilOk(`${url}/healthz`, isOver)) - startedAt;
  const readyMs = (await untilOk(`${url}/readyz`, isOver)) - startedAt;
  return { url, processId: child.pid ?? 0, firstAnswerMs, readyMs, stop: () => stopProgram(child) };
}

/** Resolves with the time of the first answer with status 200. */
async function untilOk(url: string, isOver: () => boolean): Promise<number> {
  const end = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < end && !isOver()) {
    const isOk = await fetch(url).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isOk) return performance.now();
    await wait(POLL_MS);
  }
  throw new Error(`${url} never answered with 200: look into the log of the server.`);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
