/** A server whose model costs something, and clients that send requests with an `Idempotency-Key`. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Engine } from '#server/engines/engine.js';
import { AnsweringEngine } from '../../support/answering-engine.js';
import { Operator } from '../../support/operator.js';
import { startPlumb, type TestServerOptions } from '../../support/plumb.js';
import { PRICED_MODEL } from '../../support/priced-model.js';

export const CHAT = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50 };
export const USED = { prompt: 10, completion: 5, cached: 4 };
/** What one answer costs, in nano-units. */
export const COST = 16_400n;
export const FUNDS = 1_000_000_000n;

/** An answer, read to its end. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly isReplayed: boolean;
}

export async function receive(response: Response): Promise<Received> {
  const isReplayed = response.headers.get('idempotent-replayed') === 'true';
  return { status: response.status, headers: response.headers, text: await response.text(), isReplayed };
}

/** The sentence of an error. */
export function messageOf({ text }: Received): string {
  return (JSON.parse(text) as { error: { message: string } }).error.message;
}

export async function start<E extends Engine = AnsweringEngine>(
  context: TestContext,
  engine: E = new AnsweringEngine(USED) as Engine as E,
  options: TestServerOptions = {},
) {
  const embedder = { ...PRICED_MODEL, id: 'text-embedding', kind: 'embeddings' as const };
  const settings = { models: [PRICED_MODEL, embedder], default_tier: 'unlimited', ...options.settings };
  const plumb = await startPlumb({ embeddings: { engine: new AnsweringEngine(USED) }, ...options, engine, settings });
  let isStopped = false;
  context.after(() => (isStopped ? undefined : plumb.stop()));
  /** Stops the server; its folder stays for the one that comes `after` it. */
  const stop = async (timeoutMs = 1000) => {
    isStopped = true;
    await plumb.server.stop(timeoutMs);
  };
  const operator = await Operator.open(context, { dataDir: plumb.dataDir });
  if (options.after === undefined) await operator.fund(plumb.account.id, '1');
  /** Sends a request with a key; `by` is the API key when it is another one. */
  const open = (key: string, body: object | string = CHAT, { path = '/v1/chat/completions', by, signal }: Sent = {}) =>
    plumb.request(path, {
      body,
      headers: { 'idempotency-key': key, ...(by === undefined ? {} : { authorization: `Bearer ${by}` }) },
      ...(signal && { signal }),
    });
  const send = async (key: string, body?: object | string, sent?: Sent) => receive(await open(key, body, sent));
  /** Fails unless so many answers were charged to the account, and nothing else. */
  const assertCharged = async (answers: number, accountId = plumb.account.id) => {
    const entries = await operator.entriesOf(accountId);
    assert.equal(entries.filter(({ kind }) => kind === 'charge').length, answers);
    const usage = (await operator.usage()).filter((record) => record.accountId === accountId);
    assert.equal(usage.filter(({ outcome }) => outcome === 'completed').length, answers);
    const { granted, toppedUp } = await operator.balanceOf(accountId);
    assert.equal(granted + toppedUp, FUNDS - COST * BigInt(answers));
    await operator.assertSettled();
  };
  return { plumb, engine, operator, open, send, stop, assertCharged };
}

export interface Sent {
  readonly path?: string;
  readonly by?: string;
  readonly signal?: AbortSignal;
}
