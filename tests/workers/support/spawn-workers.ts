/** `plumb serve --workers` as an operator starts it: real processes, an engine elsewhere that the test plays. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mintAdminKey } from '#server/accounts/admin-key.js';
import type { StoreOptions } from '#server/store/open-store.js';
import { temporaryFolder } from '../../store/helpers/temporary-folder.js';
import { Operator } from '../../support/operator.js';
import { type Answer, jsonOf, ScriptedUpstream } from '../../support/scripted-upstream.js';
import { until } from '../../support/until.js';

const cli = fileURLToPath(new URL('../../../../packages/server/dist/cli/main.js', import.meta.url));

/** What every answer of the engine used. */
const USED = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** A whole answer of the engine. */
export const ANSWER = jsonOf({
  ...{ id: 'x', object: 'chat.completion', created: 1, model: 'm' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: USED,
});

export interface WorkersOptions {
  /** Default 2. */
  readonly workers?: number;
  /** Settings over those of these tests, by section. */
  readonly settings?: Record<string, unknown>;
  /** What the engine answers to chats. Default `ANSWER`. */
  readonly answer?: Answer;
}

/** An answer to a client. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it freely.
  readonly json: any;
}

interface SpawnedParts extends Omit<SpawnedCommand, 'ready'> {
  readonly url: string;
  readonly key: string;
  readonly upstream: ScriptedUpstream;
  readonly operator: Operator;
  readonly configPath: string;
  readonly dataDir: string;
}

export class SpawnedWorkers {
  readonly url: string;
  readonly key: string;
  readonly child: ChildProcess;
  readonly upstream: ScriptedUpstream;
  readonly operator: Operator;
  readonly configPath: string;
  readonly dataDir: string;
  /** Resolves with the exit code of the primary. */
  readonly ended: Promise<number | null>;
  readonly #log: () => string;
  #adminKey: string | undefined;

  private constructor(parts: SpawnedParts) {
    this.url = parts.url;
    this.key = parts.key;
    this.child = parts.child;
    this.upstream = parts.upstream;
    this.operator = parts.operator;
    this.configPath = parts.configPath;
    this.dataDir = parts.dataDir;
    this.ended = parts.ended;
    this.#log = parts.log;
  }

  /** Starts an engine and workers, until the test has ended. */
  static async start(context: TestContext, options: WorkersOptions = {}): Promise<SpawnedWorkers> {
    const upstream = await ScriptedUpstream.start();
    context.after(() => upstream.close());
    upstream.answer('/v1/models', jsonOf({ object: 'list', data: [{ id: 'm' }] }));
    upstream.answerChat(options.answer ?? ANSWER);
    const dataDir = await temporaryFolder(context);
    const configPath = join(dataDir, 'plumb.yaml');
    await writeFile(configPath, JSON.stringify(settingsFor(upstream.url, options.settings)));
    const args = ['serve', '--workers', String(options.workers ?? 2), '--data-dir', dataDir, '--port', '0'];
    const started = spawnCommand(args);
    context.after(() => started.child.kill('SIGKILL'));
    const { url, key } = await started.ready;
    const database = options.settings?.database as StoreOptions['database'];
    const operator = await Operator.open(context, { dataDir, ...(database && { database }) });
    return new SpawnedWorkers({ ...started, url, key, upstream, operator, configPath, dataDir });
  }

  /** How many chats the engine was asked for. */
  get chatsOfEngine(): number {
    return this.upstream.requests.filter(({ path }) => path.endsWith('/chat/completions')).length;
  }

  /** What they have written on stderr so far. */
  get log(): string {
    return this.#log();
  }

  /** The process ids of the workers that were started so far, in that order. */
  async processIds(count: number): Promise<number[]> {
    const found = () =>
      this.#lines(/a worker listens|another worker has taken its place/).map(({ pid }) => Number(pid));
    await until(`${count} workers have been started`, () => found().length >= count);
    return found();
  }

  /** The log lines with a message. */
  #lines(message: RegExp): Record<string, unknown>[] {
    const lines = this.log.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line)).filter(({ msg }) => message.test(msg));
  }

  /** Sends a chat on a new connection, as everything here is sent: the workers take turns. */
  chat(body: object = {}, headers: Record<string, string> = {}): Promise<Answered> {
    const chat = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5, ...body };
    return this.#send('POST', '/v1/chat/completions', { key: this.key, body: chat, headers });
  }

  /** Sends so many chats at the same time. */
  chats(count: number, body: object = {}): Promise<Answered[]> {
    return Promise.all(Array.from({ length: count }, () => this.chat(body)));
  }

  get(path: string): Promise<Answered> {
    return this.#send('GET', path, { key: this.key });
  }

  /** Asks the admin API. */
  async administer(method: string, path: string, body?: object): Promise<Answered> {
    this.#adminKey ??= await createAdminKey(this.operator);
    return this.#send(method, `/admin/v1${path}`, { key: this.#adminKey, body });
  }

  /** The settings that a reload finds. */
  async rewrite(settings: Record<string, unknown>): Promise<void> {
    await writeFile(this.configPath, JSON.stringify(settingsFor(this.upstream.url, settings)));
  }

  #send(method: string, path: string, { key, body, headers }: Sent): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const authorization = `Bearer ${key}`;
      const options = {
        method,
        agent: false,
        headers: { authorization, 'content-type': 'application/json', ...headers },
      };
      const sent = request(this.url + path, options, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
        answer.on('error', reject).on('end', () => {
          const isJson = String(answer.headers['content-type']).startsWith('application/json');
          const json = isJson ? JSON.parse(text) : text;
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, json });
        });
      });
      sent.on('error', reject).end(body && JSON.stringify(body));
    });
  }
}

interface Sent {
  readonly key: string;
  readonly body?: object | undefined;
  readonly headers?: Record<string, string>;
}

async function createAdminKey({ access }: Operator): Promise<string> {
  const key = mintAdminKey();
  const lastFour = key.slice(-4);
  const newKey = { id: 'adminkey_test', name: 'test', hash: access.hasher.hash(key), lastFour, createdAt: 1 };
  await access.administration.adminKeys.createAdminKey(newKey, { actor: 'test', at: 1 });
  return key;
}

/** A priced model on the engine. */
function settingsFor(url: string, settings: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    models: [{ id: 'deepseek-chat', pool: 'elsewhere', price: { input_cache_hit: 1, input_cache_miss: 1, output: 2 } }],
    pools: { elsewhere: { engines: { a: { kind: 'openai', url, model: 'm' } } } },
    billing: { require_balance: false },
    default_tier: 'unlimited',
    ...settings,
  };
}

export interface SpawnedCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly log: () => string;
  /** Rejects with what it has written when it ends before it is ready. */
  readonly ready: Promise<{ url: string; key: string }>;
}

/** Runs `plumb` with arguments. */
export function spawnCommand(args: readonly string[]): SpawnedCommand {
  const { PLUMB_DATA_DIR, PLUMB_CONFIG, PLUMB_WORKERS, PORT, FORCE_COLOR, ...rest } = process.env;
  const child = spawn(process.execPath, [cli, ...args], { env: { ...rest, NO_COLOR: '1' } });
  let errors = '';
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const { promise, resolve, reject } = Promise.withResolvers<{ url: string; key: string }>();
  promise.catch(() => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    const [, url] = /ready at (http:\S+)\/v1/.exec(output) ?? [];
    const [key] = /sk-[A-Za-z0-9]{20,}/.exec(output) ?? [];
    if (url !== undefined && key !== undefined) resolve({ url, key });
  });
  void ended.then((code) => reject(new Error(`plumb ended with ${code}:\n${errors}`)));
  return { child, ended, log: () => errors, ready: promise };
}

/** Fails unless every process is gone within the patience of a test. */
export async function untilGone(processIds: readonly number[]): Promise<void> {
  assert.ok(processIds.length > 0);
  await until(`the processes ${processIds} are gone`, () => !processIds.some(isRunning));
}

export function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
