/** Every request from its first byte to its log line: key before route, errors into envelopes, one record at the end. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from '@plumb/wire';
import { serveAdmin } from '../admin/serve-admin.js';
import type { Platform } from '../platform.js';
import { ClientLeftError, Exchange } from './exchange.js';
import { explainError } from './explain-error.js';
import type { AuthenticatedContext, RequestContext } from './handler.js';
import { openRecord, type RequestRecord } from './request-record.js';
import { findOpenRoute, findRoute } from './router.js';
import { showLimits } from './show-limits.js';
import { renderSimulation } from './simulation.js';

/** What the admin API is served under. */
const ADMIN_PATHS = '/admin/';

/** Answers one request. Never rejects. */
export async function handleRequest(
  platform: Platform,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedAt = platform.clock.now();
  const format = isForAdmin(platform, request.url ?? '') ? 'envelope' : platform.config.http.error_format;
  const exchange = new Exchange(request, response, format);
  const record = openRecord();
  if (platform.simulation !== undefined) exchange.setHeaders(renderSimulation(platform.simulation));
  if (platform.draining) response.shouldKeepAlive = false;
  try {
    await dispatch({ platform, exchange, record });
  } catch (error) {
    answerError(exchange, record, error);
  }
  await exchange.closed();
  const durationMs = platform.clock.now() - startedAt;
  platform.log.request(exchange, record, durationMs);
  const { model, outcome, usage, firstEventMs } = record;
  platform.metrics.requestEnded({ model, outcome, usage, firstEventMs, status: exchange.status, durationMs });
}

/** Authentication runs before routing: without a key an unknown path is 401 as well (contract section 1.1). */
async function dispatch(context: RequestContext): Promise<void> {
  const { platform, exchange, record } = context;
  const open = findOpenRoute(exchange.method, exchange.path);
  if (open !== undefined) return open(context);
  if (isForAdmin(platform, exchange.path)) return serveAdmin(context);
  const caller = platform.authenticator.authenticate(exchange.headers);
  const authenticated = caller instanceof Promise ? await caller : caller;
  record.account = authenticated.account.id;
  record.key = authenticated.key.id;
  return handle({ platform, exchange, record, caller: authenticated, id: '' });
}

/** An error before a request was admitted shows its caller's limits as well. */
async function handle(context: AuthenticatedContext): Promise<void> {
  try {
    const { handler, id } = findRoute(context.exchange.method, context.exchange.path);
    await handler(id === '' ? context : { ...context, id });
  } catch (error) {
    await showLimits(context);
    throw error;
  }
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
