/** What a handler of the admin API is given, and how it reads and answers. */
import { parseJsonBody } from '@plumb/wire';
import type { Static, TObject } from 'typebox';
import type { NamedModel } from '../faults/check-rule.js';
import type { Exchange } from '../http/exchange.js';
import { requireJson } from '../http/require-json.js';
import type { Metrics } from '../observe/metrics.js';
import type { Administration } from './administration.js';
import type { Listed } from './input/page.js';
import { readFields } from './input/read-fields.js';
import type { Operations } from './operations.js';

/** The longest body, in bytes. */
export const ADMIN_BODY_BYTES_MAX = 1024 * 1024;

/** A request of an operator whose key has been checked. */
export interface AdminContext {
  readonly administration: Administration;
  readonly operations: Operations;
  /** The content type of the metrics. */
  readonly metricsType: Metrics['contentType'];
  /** The models that a rule for faults can name. */
  readonly models: readonly NamedModel[];
  readonly exchange: Exchange;
  /** Who asks: the id of the admin key. */
  readonly actor: string;
  /** What `{id}` of the route stood for. */
  readonly id: string;
}

/** Answers the exchange or throws; an AdministrationError or an ApiError becomes its envelope, anything else a 500. */
export type AdminHandler = (context: AdminContext) => Promise<void> | void;

/** The body, held against a schema. Throws 413 and 415, and 400 for the first thing that is wrong with it. */
export async function readBody<Schema extends TObject>(
  { exchange }: AdminContext,
  schema: Schema,
): Promise<Static<Schema>> {
  requireJson(exchange.headers);
  return readFields(schema, parseJsonBody(await exchange.readBody(ADMIN_BODY_BYTES_MAX)), 'field');
}

/** Answers with 200, or another status. */
export function answer({ exchange }: AdminContext, body: object, status = 200): void {
  exchange.sendJson(status, JSON.stringify(body));
}

/** Answers with one page of a list. */
export function answerList<Item>(
  context: AdminContext,
  { items, next }: Listed<Item>,
  describe: (item: Item) => object,
): void {
  answer(context, { data: items.map(describe), next });
}

/** Answers with pieces of text as the client takes them; what fails before the first one still gets its status. */
export async function answerPieces(
  { exchange }: AdminContext,
  contentType: string,
  pieces: AsyncIterable<string>,
): Promise<void> {
  for await (const piece of pieces) {
    if (!exchange.headersSent) exchange.beginBody(contentType);
    await exchange.writeAndWait(piece);
  }
  if (!exchange.headersSent) exchange.beginBody(contentType);
  exchange.end();
}
