/** A real foreign engine: llama-server of the same llama.cpp as the embedded engine, on a model of the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface LlamaServer {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly url: string;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
}

const script = fileURLToPath(new URL('../../../scripts/llama-server.mjs', import.meta.url));

const found = spawnSync(process.execPath, [script, '--find'], { encoding: 'utf8' });

/** Why there is none, as the reason to skip tests; false when there is one. */
export const llamaServerIsMissing: string | false =
  found.status === 0 ? false : 'llama-server has not been built; node scripts/llama-server.mjs does it';

/** Starts it on a free port; resolves once the model is loaded. */
export async function startLlamaServer(modelPath: string, options: readonly string[] = []): Promise<LlamaServer> {
  const port = await findFreePort();
  const words = ['--model', modelPath, '--port', String(port), '--host', '127.0.0.1', '--threads', '1', ...options];
  const server = spawn(found.stdout.trim(), words, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-10_000);
  });
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(url, server, () => log);
  return {
    url,
    async kill() {
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
    },
  };
}

async function untilHealthy(url: string, server: ChildProcess, log: () => string): Promise<void> {
  while (server.exitCode === null) {
    const isHealthy = await fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isHealthy) return;
    await wait(50);
  }
  throw new Error(`The llama-server of the test ended at once:\n${log()}`);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
