/**
 * The way of a request, top to bottom, in the order it runs, for every endpoint that makes an engine work. Each step
 * narrows what is known or throws one ApiError; from `run` on nothing throws: every ending is an outcome, and what was
 * taken is given back by the settlement.
 */
import { parseJsonBody } from '@plumb/wire';
import { scopesOf } from '../accounts/tier.js';
import { meetFault, readFacts } from '../faults/meet-fault.js';
import { explainError } from '../http/explain-error.js';
import type { AuthenticatedContext, Handler } from '../http/handler.js';
import { requireJson } from '../http/require-json.js';
import { refreshLimits, requireTier } from '../http/show-limits.js';
import { readIdempotencyKey } from '../idempotency/idempotency-key.js';
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
    const { exchange, platform } = context;
    // Announced as JSON and within its limit (415, 413).
    requireJson(exchange.headers);
    const bytes = await exchange.readBody(platform.config.http.body_limit_bytes);
    const value = parseJsonBody(bytes);
    const key = readIdempotencyKey(exchange.headers);
    if (key === undefined) {
      await generate(context, readWork(context, value, bytes));
      return;
    }
    const isStreamed = mayStream && (value as { stream?: unknown } | null)?.stream === true;
    const generateKept = (kept: Transcript) => generate(context, readWork(context, value, bytes), kept);
    await payOnce({ context, key, bytes, isStreamed, generate: generateKept });
  };
}

/** `transcript` is where the answer is kept for the next request of its key. */
async function generate(context: AuthenticatedContext, asked: Work, transcript?: Transcript): Promise<Outcome> {
  const { platform, exchange } = context;
  const { clock } = platform;
  const fault = platform.faults.draw(exchange.headers, () => readFacts(context, asked));
  const met = fault === undefined ? undefined : await meetFault(fault, context, asked);
  const work = met?.work ?? asked;
  const meter = new Meter(clock.now());
  const answer = new Answer({
    exchange: met?.outgoing ?? exchange,
    streamed: work.isStreamed,
    form: work.form,
    meter,
    keepAlives: platform.keepAlives,
    clock,
    transcript,
  });
  try {
    const outcome = await answer.run(work, await takeIn(context, work, meter, answer, transcript));
    writeRecord(context.record, work, meter, outcome);
    return outcome;
  } catch (thrown) {
    const error = explainError(thrown);
    await refreshLimits(context, work.model);
    answer.close(error);
    throw thrown;
  }
}

/** Quotes the request, admits it, and sets aside what it can cost; what is taken the settlement gives back. */
async function takeIn(
  context: AuthenticatedContext,
  work: Work,
  meter: Meter,
  answer: Answer,
  transcript: Transcript | undefined,
): Promise<Settlement> {
  const { platform, exchange, caller } = context;
  const accountId = caller.account.id;
  const tier = requireTier(platform, caller.account);
  const scopes = scopesOf(tier, caller.account, caller.key, work.model);
  const rates = platform.prices.ratesOf(work.model, meter.startedAt);
  const typicalAnswerTokens = platform.answerLengths.typical(accountId, work.model);
  const quoted = quoteRequest({ work, scopes, rates, typicalAnswerTokens });
  const quote = quoted instanceof Promise ? await quoted : quoted;
  const admission = { account: accountId, scopes, tokens: quote.reservedTokens, queue: tier.queue };
  // Only where requests can wait for room does anything listen.
  const signal = tier.queue === undefined ? undefined : answer.signal;
  const admitted = admit({ limiter: platform.limiter, admission, exchange, metrics: platform.metrics }, signal);
  const permit = admitted instanceof Promise ? await admitted : admitted;
  const settlement = new Settlement({ platform, caller, work, quote, permit, meter, transcript });
  const held = settlement.hold();
  if (held !== undefined) await held;
  return settlement;
}
