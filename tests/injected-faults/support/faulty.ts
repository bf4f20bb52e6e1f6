/** A server that fails on purpose, with money in the account, for tests of what clients and books see of that. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import type { FaultRuleSettings } from '#server/faults/fault-settings.js';
import type { Faults } from '#server/faults/faults.js';
import { Operator } from '../../support/operator.js';
import { startPlumb, type TestServer, type TestServerOptions } from '../../support/plumb.js';
import { PRICED_MODEL } from '../../support/priced-model.js';
import { parseResponse, renderRequest } from '../../support/raw-http.js';
import { TalkingEngine } from './talking-engine.js';

export const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 };
export const TOOL = { type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } };
const EMBEDDING_MODEL = { ...PRICED_MODEL, id: 'text-embedding', kind: 'embeddings' };

/** What came of a request: all of it, however it ended. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection was reset rather than ended. */
  readonly wasReset: boolean;
  /** Whether the answer ended as HTTP says that it should. */
  readonly isWhole: boolean;
}

/** A server whose requests go wrong on purpose. */
export interface Faulty {
  readonly plumb: TestServer;
  readonly engine: TalkingEngine;
  readonly operator: Operator;
  readonly faults: Faults;
  /** Adds a rule that is called `test` unless it is called something else. */
  add(rule: FaultRuleSettings, name?: string): void;
  send(body: object, more?: Sent): Promise<Received>;
  /** Resolves when all that was charged is written down. */
  atRest(): Promise<void>;
}

export async function startFaulty(context: TestContext, options: TestServerOptions = {}): Promise<Faulty> {
  const engine = new TalkingEngine();
  const settings = {
    models: [PRICED_MODEL, EMBEDDING_MODEL],
    tiers: { test: { requests_per_minute: 1000, tokens_per_minute: 100_000, concurrent_requests: 1 } },
    default_tier: 'test',
    ...options.settings,
  };
  const plumb = await startPlumb({ engine, embeddings: { engine }, ...options, settings });
  context.after(() => plumb.stop());
  const operator = await Operator.open(context, { dataDir: plumb.dataDir });
  await operator.fund(plumb.account.id, '1000');
  const { faults } = plumb.server.platform;
  return {
    plumb,
    engine,
    operator,
    faults,
    add: (rule: FaultRuleSettings, name = 'test') => assert.ok(faults.add(name, rule)),
    send: (body: object, more: Sent = {}) => send(plumb.url, plumb.key, body, more),
    async atRest() {
      while (plumb.server.platform.ledger.backlog > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export interface Sent {
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** Sends a request on a connection of its own, and reads until the end, whichever that is. */
async function send(url: string, key: string, body: object, { path, headers }: Sent): Promise<Received> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const pieces: Buffer[] = [];
  let wasReset = false;
  socket.on('data', (piece: Buffer) => pieces.push(piece));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    wasReset = error.code === 'ECONNRESET';
  });
  const request = {
    method: 'POST',
    path: path ?? '/v1/chat/completions',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  socket.write(renderRequest(request));
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const bytes = Buffer.concat(pieces);
  const isChunked = /\r\ntransfer-encoding: chunked/i.test(bytes.toString('latin1'));
  const isWhole = bytes.length > 0 && (!isChunked || bytes.subarray(-5).toString('latin1') === '0\r\n\r\n');
  if (bytes.length === 0) return { status: 0, headers: {}, body: '', wasReset, isWhole };
  return { ...parseResponse(bytes), wasReset, isWhole };
}

/** The events of a stream, keep-alives left out. */
export function eventsOf({ body }: Pick<Received, 'body'>): string[] {
  return body
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
}

/** The content of the chunks of a stream. */
export function contentOf(received: Pick<Received, 'body'>): string {
  return eventsOf(received)
    .filter((data) => data.startsWith('{"id"'))
    .map((data) => JSON.parse(data).choices[0].delta.content ?? '')
    .join('');
}
