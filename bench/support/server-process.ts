/** A server under test as a child process: started, waited for, stopped; its output is kept in a file for when it fails. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const START_LIMIT_MS = 60_000;
const POLL_MS = 50;
const STOP_LIMIT_MS = 10_000;
/** Characters of its output that an error message quotes. */
const LAST_WORDS = 2_000;

/** A server that was started. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #kill = () => this.#child.kill('SIGKILL');

  /** Starts the command; standard output and error go to `logPath`. */
  constructor(
    command: string,
    words: readonly string[],
    logPath: string,
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    const log = openSync(logPath, 'w');
    this.#child = spawn(command, words, { stdio: ['ignore', log, log], env: environment });
    this.#logPath = logPath;
    // A benchmark that is interrupted must not leave a server behind that disturbs the next one.
    process.once('exit', this.#kill);
  }

  get processId(): number {
    return this.#child.pid!;
  }

  /** Waits until its output matches, and returns the match. Throws when it exits before or takes over a minute. */
  async waitForOutput(pattern: RegExp): Promise<RegExpExecArray> {
    return this.waitFor(async () => pattern.exec(await this.#output()));
  }

  /** Waits until `GET url` answers 200. Throws when the process exits before or it takes over a minute. */
  async waitUntilReady(url: string): Promise<void> {
    await this.waitFor(async () => ((await readStatus(url)) === 200 ? true : null));
  }

  /** Looks, every so many ms, until something is found. Throws when the process exits before or it takes over a minute. */
  async waitFor<Found>(look: () => Promise<Found | null>, pollMs = POLL_MS): Promise<Found> {
    const limit = performance.now() + START_LIMIT_MS;
    while (performance.now() < limit && !this.#hasEnded()) {
      const found = await look();
      if (found !== null) return found;
      await delay(pollMs);
    }
    const lastWords = (await this.#output()).slice(-LAST_WORDS);
    await this.stop();
    throw new Error(`${this.#child.spawnargs.join(' ')} did not become ready. Its last words:\n${lastWords}`);
  }

  /** Asks it to end, and kills it when it does not within ten seconds. */
  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    if (this.#hasEnded()) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const killer = setTimeout(this.#kill, STOP_LIMIT_MS);
    await exited;
    clearTimeout(killer);
  }

  #output(): Promise<string> {
    return readFile(this.#logPath, 'utf8');
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

function readStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });
}

/** A port of the loopback interface that was free a moment ago. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The port is not known.');
  return address.port;
}
