/** The way of a request of the admin API: admin key before route, refusals into envelopes. */
import { type ApiError, conflict, invalidRequest, notFound } from '@plumb/wire';
import { AdministrationError, type AdministrationErrorCode } from '../accounts/administration-error.js';
import type { OpenHandler } from '../http/handler.js';
import { findAdminRoute } from './router.js';

/** Answers one request under `/admin/`. */
export const serveAdmin: OpenHandler = async ({ platform, exchange, record }) => {
  const { id: actor } = await platform.operators.authenticate(exchange.headers);
  record.key = actor;
  // What was answered before is part of what is asked for.
  await platform.ledger.flush();
  const { handler, id } = findAdminRoute(exchange.method, exchange.path);
  try {
    const { administration, operations, metrics, faults } = platform;
    const known = { metricsType: metrics.contentType, models: faults.models };
    await handler({ administration, operations, ...known, exchange, actor, id });
  } catch (error) {
    throw error instanceof AdministrationError ? ANSWERS[error.code](error.message) : error;
  }
};

const ANSWERS: Readonly<Record<AdministrationErrorCode, (message: string) => ApiError>> = {
  invalid: invalidRequest,
  not_found: notFound,
  conflict,
};
