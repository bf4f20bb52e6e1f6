/** Starts a PostgreSQL of its own for a test: in a folder of its own, on 127.0.0.1 and a unix socket, quick rather than safe. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';

/** The password of every address; with characters that have to be escaped in one. */
export const POSTGRES_PASSWORD = 's3cret/p@ss:wörd';

export interface TestPostgres {
  readonly port: number;
  /** Makes an empty database and returns its address, with the password, over TCP. */
  createDatabase(): Promise<string>;
  /** A connection of an operator, over the unix socket, to the database of an address. The caller ends it. */
  connect(url: string): Promise<Client>;
  /** Ends the server as `kill -9` does. */
  crash(): Promise<void>;
  /** Ends it in good order; open connections are ended as well. */
  shutDown(): Promise<void>;
  /** Starts it again, with everything that was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Where Debian keeps what is not in the path. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/** Quick: what is committed survives a crash of the server, but not of the machine. Small: several test files run at once. */
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=16MB',
  'max_connections=60',
  'autovacuum=off',
  'listen_addresses=127.0.0.1',
  'log_min_messages=fatal',
];

/** How often a start is tried: the port may be taken meanwhile, or what a crash left may not have ended yet. */
const START_ATTEMPTS_MAX = 100;
const START_RETRY_MS = 50;

const programs = findPrograms();

/** Why there is no server for tests, as the reason to skip them; false when there is one. */
export const postgresIsMissing: string | false =
  programs === undefined ? 'PostgreSQL (initdb, postgres) is not installed' : false;

/** Resolves once the server takes connections. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-postgres-'));
  const owner = findOwner();
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const place: Place = { folder, port: await findFreePort(), options: { cwd: folder, ...owner } };
  await initialise(place);
  let server = await startServer(place);
  // A test file that fails in the middle leaves none behind.
  process.once('exit', () => server.kill('SIGQUIT'));
  let databases = 0;
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, 'exit');
  };
  const connect = async (database: string) => {
    const client = new Client({ host: folder, port: place.port, user: 'postgres', database });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  return {
    port: place.port,
    async createDatabase() {
      databases += 1;
      const client = await connect('postgres');
      await client.query(`create database plumb${databases}`);
      await client.end();
      const password = encodeURIComponent(POSTGRES_PASSWORD);
      return `postgres://postgres:${password}@127.0.0.1:${place.port}/plumb${databases}`;
    },
    connect: (url) => connect(new URL(url).pathname.slice(1)),
    crash: () => end('SIGKILL'),
    shutDown: () => end('SIGINT'),
    async restart() {
      server = await startServer(place);
    },
    async stop() {
      await end('SIGQUIT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Place {
  readonly folder: string;
  readonly port: number;
  /** How its programs are started. */
  readonly options: { readonly cwd: string; readonly uid?: number; readonly gid?: number };
}

function findPrograms(): { initdb: string; postgres: string } | undefined {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort((one, other) => +other - +one) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN_FOLDER, version, 'bin')),
  ];
  const folder = folders.find((path) => ['initdb', 'postgres'].every((name) => existsSync(join(path, name))));
  return folder === undefined ? undefined : { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
}

/** PostgreSQL refuses to run as root: it runs as the user that Debian makes for it, else as nobody. */
function findOwner(): { uid: number; gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const idOf = (user: string, flag: string) => {
    const { status, stdout } = spawnSync('id', [flag, user], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  };
  const user = idOf('postgres', '-u') === undefined ? 'nobody' : 'postgres';
  const [uid, gid] = [idOf(user, '-u'), idOf(user, '-g')];
  if (uid === undefined || gid === undefined) throw new Error('There is no user that PostgreSQL could run as.');
  return { uid, gid };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function initialise({ folder, options }: Place): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, POSTGRES_PASSWORD, { mode: 0o644 });
  const initdb = spawn(
    programs!.initdb,
    [
      ...['-D', join(folder, 'data'), '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'],
      ...['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${passwordFile}`, '--no-instructions'],
    ],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const output = readAll(initdb);
  const [code] = await once(initdb, 'exit');
  if (code !== 0) throw new Error(`The PostgreSQL of the test could not be made:\n${await output}`);
}

async function startServer(place: Place): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToStart(place);
    } catch (error) {
      if (attempt === START_ATTEMPTS_MAX) throw error;
      await wait(START_RETRY_MS);
    }
  }
}

/** The server says nothing that could be relied on when it is ready, so that it is asked. */
async function tryToStart({ folder, port, options }: Place): Promise<ChildProcess> {
  const settings = [...SETTINGS, `port=${port}`, `unix_socket_directories=${folder}`];
  const args = ['-D', join(folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(programs!.postgres, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  const output = readAll(server);
  while (server.exitCode === null && server.signalCode === null) {
    if (await answers(folder, port)) return server;
    await wait(START_RETRY_MS);
  }
  throw new Error(`The PostgreSQL of the test ended at once:\n${await output}`);
}

async function answers(folder: string, port: number): Promise<boolean> {
  const client = new Client({ host: folder, port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function readAll(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stderr!.setEncoding('utf8')) text += chunk;
  return text;
}
