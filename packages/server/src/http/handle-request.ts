/** Every request from its first byte to its log line: key before route, errors into envelopes, one record at the end. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from '@plumb/wire';
import type { Caller } from '../accounts/authenticate.js';
import { serveAdmin } from '../admin/serve-admin.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { Platform } from '../platform.js';
import { ClientLeftError, Exchange } from './exchange.js';
import { explainError } from './explain-error.js';
import type { RequestContext } from './handler.js';
import { openRecord, type RequestRecord } from './request-record.js';
import { findOpenRoute, findRoute } from './router.js';
import { showLimits } from './show-limits.js';
import { renderSimulation } from './simulation.js';

/** What the admin API is served under. */
const ADMIN_PATHS = '/admin/';

/** Answers one request, and calls back when it has ended: its handler and its answer. Never rejects. */
export async function handleRequest(
  platform: Platform,
  request: IncomingMessage,
  response: ServerResponse,
  onEnded?: () => void,
): Promise<void> {
  const startedAt = platform.clock.now();
  const isAdmin = isForAdmin(platform, request.url ?? '');
  const errorFormat = isAdmin ? 'envelope' : platform.config.http.error_format;
  const exchange = new Exchange(request, response, { traceId: platform.traceIds.next(), errorFormat });
  const context = { platform, exchange, record: openRecord() };
  if (platform.simulation !== undefined) exchange.setHeaders(renderSimulation(platform.simulation));
  if (platform.draining) response.shouldKeepAlive = false;
  try {
    await (isAdmin ? serveAdmin(context) : dispatch(context));
  } catch (error) {
    answerError(exchange, context.record, error);
  }
  exchange.onClosed(() => {
    writeDown(context, platform.clock.now() - startedAt);
    onEnded?.();
  });
}

/** Authentication runs before routing: without a key an unknown path is 401 as well (contract section 1.1). */
function dispatch(context: RequestContext): MaybePromise<void> {
  const { platform, exchange } = context;
  const open = findOpenRoute(exchange.method, exchange.path);
  if (open !== undefined) return open(context);
  const caller = platform.authenticator.authenticate(exchange.headers);
  return caller instanceof Promise ? caller.then((later) => handle(context, later)) : handle(context, caller);
}

/** An error before a request was admitted shows its caller's limits as well. */
async function handle({ platform, exchange, record }: RequestContext, caller: Caller): Promise<void> {
  record.account = caller.account.id;
  record.key = caller.key.id;
  const context = { platform, exchange, record, caller, id: '' };
  try {
    const { handler, id } = findRoute(exchange.method, exchange.path);
    await handler(id === '' ? context : { ...context, id });
  } catch (error) {
    await showLimits(context);
    throw error;
  }
}

/** One line of the log, and what is counted of it. */
function writeDown({ platform, exchange, record }: RequestContext, durationMs: number): void {
  const { status } = exchange;
  const { model, outcome, usage, firstEventMs } = record;
  platform.log.request(exchange, record, durationMs);
  platform.metrics.requestEnded({ model, outcome, usage, firstEventMs, status, durationMs });
}

/** Where the admin API is not served its paths are like any other. */
function isForAdmin({ adminEnabled }: Platform, path: string): boolean {
  return adminEnabled && path.startsWith(ADMIN_PATHS);
}

function answerError(exchange: Exchange, record: RequestRecord, thrown: unknown): void {
  if (thrown instanceof ClientLeftError) {
    record.outcome = 'client_left';
    return;
  }
  const error: ApiError = explainError(thrown);
  record.outcome = 'failed';
  record.error = error.message;
  if (error.detail !== undefined) record.detail = error.detail;
  if (error.cause !== undefined) record.cause = error.cause;
  if (exchange.isEnded) return;
  if (exchange.headersSent) exchange.destroy();
  else exchange.sendError(error);
}
