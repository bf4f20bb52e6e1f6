/**
 * The way of a request, top to bottom, in the order it runs. Each step narrows what is known or throws one ApiError;
 * from `run` on nothing throws: every ending is an outcome, and what was taken is given back by the settlement.
 */
import { randomUUID } from 'node:crypto';
import { type ChatRequest, parseJsonBody, readChatRequest } from '@plumb/wire';
import { requireModel } from '../accounts/permissions.js';
import { scopeKindOf, scopesOf } from '../accounts/tier.js';
import type { ModelEntry } from '../catalog/catalog.js';
import { decideThinking } from '../catalog/thinking.js';
import type { Engine, GenerationJob } from '../engines/engine.js';
import { explainError } from '../http/explain-error.js';
import type { AuthenticatedContext, Handler } from '../http/handler.js';
import { requireJson } from '../http/require-json.js';
import { refreshLimits, requireTier } from '../http/show-limits.js';
import type { Refusal } from '../limits/limiter.js';
import { admit } from './admit.js';
import { Answer } from './answer.js';
import { Meter } from './meter.js';
import { quoteRequest } from './quote.js';
import { Settlement } from './settlement.js';
import { writeRecord } from './write-record.js';

/** `POST /chat/completions`. */
export const serveChat: Handler = async (context) => {
  const { platform, exchange, caller } = context;
  const request = await readRequest(context);
  const model = platform.catalog.resolve(request.model);
  requireModel(caller.key, model.id);
  const engine = platform.engines.lease(model);
  const { keepAlives, clock } = platform;
  const meter = new Meter(clock.now());
  const answer = new Answer({ exchange, streamed: request.stream === true, meter, keepAlives, clock });
  try {
    await serve({ context, engine, answer, meter, job: describeJob(context, model, request) });
  } catch (thrown) {
    const error = explainError(thrown);
    await refreshLimits(context, model.id);
    answer.close(error);
    throw thrown;
  }
};

interface Serving {
  readonly context: AuthenticatedContext;
  readonly engine: Engine;
  readonly answer: Answer;
  readonly meter: Meter;
  readonly job: GenerationJob;
}

async function serve({ context, engine, answer, meter, job }: Serving): Promise<void> {
  const { platform, exchange, caller, record } = context;
  const { limiter, ledger, answerLengths, clock } = platform;
  const accountId = caller.account.id;
  const tier = requireTier(platform, caller.account);
  const scopes = scopesOf(tier, caller.account, caller.key, job.model);
  const rates = platform.prices.ratesOf(job.model, meter.startedAt);
  const typicalAnswerTokens = answerLengths.typical(accountId, job.model);
  const quote = await quoteRequest({ engine, job, scopes, rates, typicalAnswerTokens });
  const admission = { account: accountId, scopes, tokens: quote.reservedTokens, queue: tier.queue };
  const onRefused = ({ limit, scope }: Refusal) => platform.metrics.refused(limit, scopeKindOf(scope));
  const permit = await admit({ limiter, admission, exchange, onRefused }, answer.signal);
  const settlement = new Settlement({
    ...{ caller, job, quote, permit, meter, ledger, answerLengths, clock },
    mayOverdraw: !platform.config.billing.require_balance,
    onError: (error) => platform.log.error({ err: error }, 'a permit could not be given back'),
  });
  await settlement.hold();
  const outcome = await answer.run(engine, job, settlement);
  writeRecord(record, job, meter, outcome);
}

function describeJob(
  { platform, caller }: AuthenticatedContext,
  model: ModelEntry,
  request: ChatRequest,
): GenerationJob {
  return {
    id: randomUUID(),
    created: Math.floor(platform.clock.now() / 1000),
    model: model.id,
    request,
    thinking: decideThinking(model, request),
    cacheScope: `${caller.account.id}/${request.user_id ?? ''}`,
    account: caller.account.id,
  };
}

/** The body, checked against the contract (400, 413, 415, 422). */
async function readRequest({ platform, exchange }: AuthenticatedContext): Promise<ChatRequest> {
  requireJson(exchange.headers);
  const bytes = await exchange.readBody(platform.config.http.body_limit_bytes);
  return readChatRequest(parseJsonBody(bytes), bytes);
}
