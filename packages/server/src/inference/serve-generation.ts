/**
 * The way of a request, top to bottom, in the order it runs, for every endpoint that makes an engine work. Each step
 * narrows what is known or throws one ApiError; from `run` on nothing throws: every ending is an outcome, and what was
 * taken is given back by the settlement.
 */
import { parseJsonBody } from '@plumb/wire';
import { scopeKindOf, scopesOf } from '../accounts/tier.js';
import { meetFault, readFacts } from '../faults/meet-fault.js';
import { explainError } from '../http/explain-error.js';
import type { AuthenticatedContext, Handler } from '../http/handler.js';
import { requireJson } from '../http/require-json.js';
import { refreshLimits, requireTier } from '../http/show-limits.js';
import type { Refusal } from '../limits/limiter.js';
import { admit } from './admit.js';
import { Answer } from './answer.js';
import { Meter } from './meter.js';
import type { Outcome } from './outcome.js';
import { payOnce } from './pay-once.js';
import { quoteRequest } from './quote.js';
import { Settlement } from './settlement.js';
import type { Transcript } from './transcript.js';
import type { Work } from './work.js';
import { writeRecord } from './write-record.js';

/**
 * What an endpoint makes of a body: the model is resolved, the key may use it, an engine is leased. Throws an ApiError
 * for the first thing that is wrong. `bytes` are the body as it came.
 */
export type ReadWork = (context: AuthenticatedContext, value: unknown, bytes: Uint8Array) => Work;

/** The handler of an endpoint; `mayStream` says whether `stream` means anything there. Default true. */
export function serveGeneration(readWork: ReadWork, mayStream = true): Handler {
  return async (context) => {
    const bytes = await readBytes(context);
    const value = parseJsonBody(bytes);
    const isStreamed = mayStream && (value as { stream?: unknown } | null)?.stream === true;
    const generate = (transcript?: Transcript) => begin(context, () => readWork(context, value, bytes), transcript);
    await payOnce({ context, bytes, isStreamed, generate });
  };
}

async function begin(context: AuthenticatedContext, readWork: () => Work, transcript?: Transcript): Promise<Outcome> {
  const { platform, exchange } = context;
  const asked = readWork();
  const fault = platform.faults.draw(exchange.headers, () => readFacts(context, asked));
  const { work, outgoing } =
    fault === undefined ? { work: asked, outgoing: exchange } : await meetFault(fault, context, asked);
  const { keepAlives, clock } = platform;
  const meter = new Meter(clock.now());
  const { isStreamed: streamed, form } = work;
  const answer = new Answer({ exchange: outgoing, streamed, form, meter, keepAlives, clock, transcript });
  try {
    return await serve({ context, answer, meter, work, transcript });
  } catch (thrown) {
    const error = explainError(thrown);
    await refreshLimits(context, work.model);
    answer.close(error);
    throw thrown;
  }
}

interface Serving {
  readonly context: AuthenticatedContext;
  readonly answer: Answer;
  readonly meter: Meter;
  readonly work: Work;
  /** Where the answer is kept for the next request of its key. */
  readonly transcript: Transcript | undefined;
}

async function serve({ context, answer, meter, work, transcript }: Serving): Promise<Outcome> {
  const { platform, exchange, caller, record } = context;
  const { limiter, ledger, answerLengths, clock } = platform;
  const accountId = caller.account.id;
  const tier = requireTier(platform, caller.account);
  const scopes = scopesOf(tier, caller.account, caller.key, work.model);
  const rates = platform.prices.ratesOf(work.model, meter.startedAt);
  const typicalAnswerTokens = answerLengths.typical(accountId, work.model);
  const quote = await quoteRequest({ work, scopes, rates, typicalAnswerTokens });
  const admission = { account: accountId, scopes, tokens: quote.reservedTokens, queue: tier.queue };
  const onRefused = ({ limit, scope }: Refusal) => platform.metrics.refused(limit, scopeKindOf(scope));
  // Only where requests can wait for room does anything listen.
  const signal = tier.queue === undefined ? undefined : answer.signal;
  const permit = await admit({ limiter, admission, exchange, onRefused }, signal);
  const settlement = new Settlement({
    ...{ caller, work, quote, permit, meter, ledger, answerLengths, clock, transcript },
    mayOverdraw: !platform.config.billing.require_balance,
    onError: (error) => platform.log.error({ err: error }, 'a permit could not be given back'),
  });
  await settlement.hold();
  const outcome = await answer.run((sink) => work.start(sink), settlement);
  writeRecord(record, work, meter, outcome);
  return outcome;
}

/** The body as it came, within its limit and announced as JSON (413, 415). */
function readBytes({ platform, exchange }: AuthenticatedContext): Promise<Buffer> {
  requireJson(exchange.headers);
  return exchange.readBody(platform.config.http.body_limit_bytes);
}
