/** A user of the command line with a home of their own, who sees everything that is ever printed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../../../packages/server/dist/cli/main.js', import.meta.url));

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What is piped in; without it, stdin is `/dev/null`. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export class User {
  readonly home: string;
  /** All output so far, of every command. */
  seen = '';

  private constructor(home: string) {
    this.home = home;
  }

  static async create(): Promise<User> {
    return new User(await mkdtemp(join(tmpdir(), 'plumb-user-')));
  }

  get configFolder(): string {
    return join(this.home, '.config', 'plumb');
  }

  get journal(): string {
    return join(this.home, '.local', 'state', 'plumb', 'incidents.ndjson');
  }

  /** The environment of a command: nothing of the machine but the path, and no colours. */
  environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.home, NO_COLOR: '1', ...more };
  }

  /** Starts a command whose pipes the test plays with. */
  start(args: readonly string[], { environment = {} }: RunOptions = {}): ChildProcess {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: this.environment(environment), cwd: this.home });
    child.stdin.on('error', () => {});
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.seen += text;
      });
    }
    return child;
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], { input, environment = {} }: RunOptions = {}): Promise<Ended> {
    return this.#toEnd(
      spawn(process.execPath, [PROGRAM, ...args], {
        env: this.environment(environment),
        cwd: this.home,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
      input,
    );
  }

  /** Runs a line of bash in which `plumb` is the program. */
  async shell(line: string, { input, environment = {} }: RunOptions = {}): Promise<Ended> {
    const script = `plumb() { ${JSON.stringify(process.execPath)} ${JSON.stringify(PROGRAM)} "$@"; }\n${line}`;
    const env = this.environment(environment);
    return this.#toEnd(spawn('bash', ['-c', script], { env, cwd: this.home }), input ?? '');
  }

  /** Fails when a key was ever printed. */
  assertNeverSaw(key: string): void {
    assert.ok(key.length > 0 && !this.seen.includes(key), `the output has ${key}`);
  }

  remove(): Promise<void> {
    return rm(this.home, { recursive: true, force: true });
  }

  async #toEnd(child: ChildProcess, input: string | undefined): Promise<Ended> {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    const code = await exitOf(child);
    this.seen += stdout + stderr;
    return { code, stdout, stderr };
  }
}

/** Resolves with the exit code once all output has been read; null when a signal ended it. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
