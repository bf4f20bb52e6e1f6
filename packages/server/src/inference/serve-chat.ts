/**
 * The way of a request, top to bottom, in the order it runs. Each step narrows what is known or throws one ApiError;
 * from `respond` on nothing throws: every ending is an outcome.
 */
import { randomUUID } from 'node:crypto';
import { type ChatRequest, parseJsonBody, readChatRequest } from '@plumb/wire';
import { decideThinking } from '../catalog/thinking.js';
import type { GenerationJob } from '../engines/engine.js';
import type { AuthenticatedContext, Handler } from '../http/handler.js';
import { requireJson } from '../http/require-json.js';
import { Meter } from './meter.js';
import { respond } from './respond.js';
import { settle } from './settle.js';

/** `POST /chat/completions`. */
export const serveChat: Handler = async (context) => {
  const { platform, exchange, caller, record } = context;
  const request = await readRequest(context);
  const model = platform.catalog.resolve(request.model);
  const engine = platform.engines.lease(model);
  const job: GenerationJob = {
    id: randomUUID(),
    created: Math.floor(platform.clock.now() / 1000),
    model: model.id,
    request,
    thinking: decideThinking(model, request),
    cacheScope: `${caller.account.id}/${request.user_id ?? ''}`,
  };
  const meter = new Meter(platform.clock.now());
  const { keepAlives, clock } = platform;
  const outcome = await respond({ exchange, engine, job, meter, keepAlives, clock });
  settle({ job, meter, outcome, record });
};

/** The body, checked against the contract (400, 413, 415, 422). */
async function readRequest({ platform, exchange }: AuthenticatedContext): Promise<ChatRequest> {
  requireJson(exchange.headers);
  const bytes = await exchange.readBody(platform.config.http.body_limit_bytes);
  return readChatRequest(parseJsonBody(bytes), bytes);
}
