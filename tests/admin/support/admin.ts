/** A server with an admin key, for tests of the admin API over real HTTP. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { PlayedEngine } from '../../support/played-engine.js';
import { startPlumb, type TestServer, type TestServerOptions } from '../../support/plumb.js';

export interface AdminServer {
  readonly plumb: TestServer;
  readonly adminKey: string;
  readonly adminKeyId: string;
  /** Sends a request below `/admin/v1` with the admin key; `body` is sent as JSON. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Runs SQL on the database of the server, as another process would. */
  sql(statement: string, ...values: (string | number | bigint | null)[]): unknown[];
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any;
}

/** Starts a server on an engine without a model, with one admin key. */
export async function startAdmin(options: TestServerOptions = {}): Promise<AdminServer> {
  const plumb = await startPlumb({ engine: new PlayedEngine(), ...options });
  const { adminKeys } = plumb.server.platform.administration;
  const { key, adminKey } = await adminKeys.create({ name: 'tests' }, 'test');
  return {
    plumb,
    adminKey: key,
    adminKeyId: adminKey.id,
    call: (method, path, body) => send(plumb, key, method, path, body),
    sql: (statement, ...values) => runSql(plumb.dataDir, statement, values),
    stop: () => plumb.stop(),
  };
}

/** Sends a request below `/admin/v1` with any key. */
export async function send(
  plumb: TestServer,
  key: string | undefined,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${plumb.url}/admin/v1${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    headers: response.headers,
    get body() {
      return JSON.parse(text);
    },
  };
}

/** Fails unless a value is what a schema of the API says. */
export function assertShape(schema: TSchema, value: unknown): void {
  assert.ok(Value.Check(schema, value), JSON.stringify([...Value.Errors(schema, value)].slice(0, 3)));
}

function runSql(dataDir: string, statement: string, values: (string | number | bigint | null)[]): unknown[] {
  const database = new DatabaseSync(join(dataDir, 'plumb.db'));
  try {
    return database.prepare(statement).all(...values);
  } finally {
    database.close();
  }
}

/** Stores usage records in one transaction; what is left out of a record has a value that says so. */
export function insertUsage(dataDir: string, records: readonly Partial<UsageRow>[]): void {
  const database = new DatabaseSync(join(dataDir, 'plumb.db'));
  const insert = database.prepare(`insert into usage_records values (${COLUMNS.map(() => '?').join(', ')})`);
  try {
    database.exec('begin immediate');
    for (const [index, record] of records.entries()) {
      const row = { ...DEFAULT_ROW, request_id: `request-${String(index).padStart(6, '0')}`, ...record };
      insert.run(...COLUMNS.map((column) => row[column]));
    }
    database.exec('commit');
  } finally {
    database.close();
  }
}

const DEFAULT_ROW = {
  request_id: '',
  account_id: '',
  key_id: '',
  model: 'deepseek-chat',
  at: Date.UTC(2026, 10, 25, 12),
  duration_ms: 100,
  outcome: 'completed',
  stream: 0,
  prompt_tokens: 10,
  cache_hit_tokens: 4,
  completion_tokens: 5,
  reasoning_tokens: 2,
  cost: 1000 as number | bigint,
};
export type UsageRow = typeof DEFAULT_ROW;

const COLUMNS = Object.keys(DEFAULT_ROW) as (keyof UsageRow)[];
