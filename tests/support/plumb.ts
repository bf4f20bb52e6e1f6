/** Starts the real server for a test: real sockets on a free port, a data folder of its own, the engine on a scripted model. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, type StartOptions, startServer } from '@plumb/server';
import type { Account } from '#server/accounts/account.js';
import { loadConfig } from '#server/config/load-config.js';
import type { Engine } from '#server/engines/engine.js';
import type { Log } from '#server/observe/log.js';
import { type ScriptedModelOptions, writeScriptedModel } from './gguf/scripted-model.js';
import { noteRunning } from './running-servers.js';

export interface TestServer {
  readonly server: RunningServer;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly key: string;
  /** The account of the key. */
  readonly account: Account;
  readonly dataDir: string;
  /** The log lines so far, as objects. */
  readonly lines: LogLine[];
  /** Sends a request with the key and a JSON content type; `body` may be a text that is no JSON. */
  request(path: string, options?: RequestOptions): Promise<Response>;
  /** `POST /v1/chat/completions`. */
  chat(body: unknown, signal?: AbortSignal): Promise<Response>;
  stop(): Promise<void>;
}

export type LogLine = Record<string, unknown> & { message: string };

export interface RequestOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface TestServerOptions {
  /** Path of a GGUF; a scripted model is written when there is none. */
  readonly modelPath?: string;
  /** Which script the scripted model follows; `hello` when none is named. */
  readonly script?: NonNullable<ScriptedModelOptions['script']>;
  /** Any engine instead of the embedded one. */
  readonly engine?: Engine;
  /** An earlier server whose data folder and key are used instead of new ones. */
  readonly after?: Pick<TestServer, 'dataDir' | 'key'>;
  /** What makes embeddings. */
  readonly embeddings?: StartOptions['embeddings'];
  /** YAML settings over the defaults of tests, by section. */
  readonly settings?: { engine?: object; http?: object } & Record<string, unknown>;
  readonly start?: Partial<StartOptions>;
}

/** Resolves once the server can answer requests. */
export async function startPlumb(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.after?.dataDir ?? (await mkdtemp(join(tmpdir(), 'plumb-test-')));
  const model = options.start?.model ?? (await chooseModel(options, dataDir));
  const config = await readTestConfig(dataDir, options.settings ?? {});
  const lines: LogLine[] = [];
  const { embeddings } = options;
  const server = await startServer({ config, model, embeddings, log: collectLog(lines), ...options.start });
  noteRunning(dataDir, server);
  await server.ready();
  const key = options.after?.key ?? server.firstKey ?? '';
  const caller = await server.platform.authenticator.authenticate({ authorization: `Bearer ${key}` });
  const request = (path: string, sent: RequestOptions = {}) => sendRequest(server.url + path, key, sent);
  return {
    server,
    url: server.url,
    key,
    account: caller.account,
    dataDir,
    lines,
    request,
    chat: (body, signal) => request('/v1/chat/completions', { method: 'POST', body, ...(signal && { signal }) }),
    async stop() {
      await server.stop(1000);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function chooseModel(options: TestServerOptions, dataDir: string): Promise<StartOptions['model']> {
  return options.engine === undefined ? { path: await findModel(options, dataDir) } : { engine: options.engine };
}

async function findModel({ modelPath, script }: TestServerOptions, dataDir: string): Promise<string> {
  if (modelPath !== undefined) return modelPath;
  const path = join(dataDir, 'scripted.gguf');
  await writeScriptedModel(path, script === undefined ? {} : { script });
  return path;
}

/** The configuration of a test: defaults, a free port, and settings over them by section. */
export async function readTestConfig(dataDir: string, settings: NonNullable<TestServerOptions['settings']>) {
  const config = await loadConfig({
    flags: { dataDir, port: '0' },
    environment: {},
    currentDir: dataDir,
    cores: 2,
  });
  const engine = { ...config.engine, context_tokens: 1024, threads: 1, ...settings.engine };
  return { ...config, ...settings, engine, http: { ...config.http, ...settings.http } };
}

async function sendRequest(
  url: string,
  key: string,
  { method, body, headers, signal }: RequestOptions,
): Promise<Response> {
  return fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: toBody(body) }),
    ...(signal && { signal }),
  });
}

function toBody(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return JSON.stringify(body);
}

function collectLog(lines: LogLine[]): Log {
  const write = (fields: object, message: string) => {
    lines.push({ ...fields, message });
  };
  return {
    info: write,
    warn: write,
    error: write,
    request(exchange, record, durationMs) {
      const { method, path, status, traceId } = exchange;
      write({ trace: traceId, method, path, status, durationMs, ...record }, 'request');
    },
    flush() {},
  };
}
