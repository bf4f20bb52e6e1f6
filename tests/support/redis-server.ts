/** Starts a Redis or Valkey of its own for a test: on a unix socket in a folder of its own, keeping nothing on disk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';

export type TestRedisClient = Awaited<ReturnType<typeof connectTo>>;

export interface TestRedis {
  /** The address of its socket, password included: `unix://…`. */
  readonly url: string;
  /** Another connection, which fails instead of waiting while the server is away. `stop` closes it. */
  connect(): Promise<TestRedisClient>;
  /** Stops the server, as a crash would; what it knew is lost. */
  crash(): Promise<void>;
  /** Starts it again after a crash; resolves when all connections are back. */
  restart(): Promise<void>;
  /** Holds the server still, so that it accepts and never answers, or lets it go on. */
  freeze(frozen: boolean): void;
  stop(): Promise<void>;
}

/** Why there is no server for tests, as the reason to skip them; false when there is one. */
export const redisIsMissing: string | false =
  findServer() === undefined ? 'neither redis-server nor valkey-server is installed' : false;

export interface TestRedisOptions {
  /** Clients must send it; `connect` cannot be used then. */
  readonly password?: string;
}

/** Resolves once the server takes connections. */
export async function startRedis({ password }: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-redis-'));
  const socketPath = join(folder, 'redis.sock');
  const clients: TestRedisClient[] = [];
  const start = () => startServer(folder, socketPath, password);
  let server = await start();
  const crash = async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  };
  return {
    url: password === undefined ? `unix://${socketPath}` : `unix://:${password}@${socketPath}`,
    async connect() {
      const client = await connectTo(socketPath);
      clients.push(client);
      return client;
    },
    crash,
    async restart() {
      server = await start();
      await Promise.all(clients.map((client) => client.isReady || once(client, 'ready')));
    },
    freeze: (frozen) => server.kill(frozen ? 'SIGSTOP' : 'SIGCONT'),
    async stop() {
      for (const client of clients) client.destroy();
      await crash();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findServer(): string | undefined {
  return ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
}

async function startServer(folder: string, socketPath: string, password = ''): Promise<ChildProcess> {
  const options = ['--port', '0', '--unixsocket', socketPath, '--dir', folder, '--save', '', '--appendonly', 'no'];
  if (password !== '') options.push('--requirepass', password);
  const server = spawn(findServer()!, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    server.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/ready to accept connections/i.test(output)) resolve();
    });
    server.once('exit', () => reject(new Error(`The Redis of the test ended at once:\n${output}`)));
  });
  return server;
}

async function connectTo(socketPath: string) {
  const client = createClient({
    socket: { path: socketPath, tls: false, reconnectStrategy: 10 },
    disableOfflineQueue: true,
  });
  // What goes wrong is seen by the commands that fail; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  return client;
}
