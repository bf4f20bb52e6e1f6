/** `--measure`: really sends some of the requests, to see how long their answers are, how long they take and what they cost. */
import { type Fetch, formatMoney, type Limits, runBatch, type TokenUse } from '@plumb/client';
import { CliError, ExitCode } from '../../exit-code.js';
import { connectBatch } from '../batch-connect.js';
import { type ClientContext, say } from '../context.js';
import { findPrices } from '../find-prices.js';
import type { EndpointFlags } from '../flags.js';
import { formatCount } from '../number-format.js';
import { resolveEndpoint } from '../resolve-endpoint.js';
import { toldLimits } from './limits.js';
import type { PlannedRequests } from './requests.js';

export interface Measured {
  readonly tokens: readonly TokenUse[];
  /** From sending an answered request to the end of its answer, in ms; waits for limits are no part of it. */
  readonly durationsMs: readonly number[];
  /** What the endpoint said about its limits meanwhile. */
  readonly limits: Limits;
}

/** Requests that are under way at once: enough not to take long, too few to slow each other down. */
const CONCURRENCY = 4;

/** Rejects with a CliError when none was answered, and with a KitError when the endpoint takes none at all. */
export async function measure(
  { sample }: PlannedRequests,
  count: number,
  flags: EndpointFlags & { readonly prices?: string },
  context: ClientContext,
  signal: AbortSignal,
): Promise<Measured> {
  const target = await resolveEndpoint(flags, context);
  const prices = await findPrices(flags.prices, target.baseUrl);
  const durationsMs: number[] = [];
  const connection = connectBatch(target, {}, timing(durationsMs, context));
  const lines = sample.slice(0, count).map(({ customId, path, bodyText }) => ({
    custom_id: customId,
    url: path,
    body: JSON.parse(bodyText) as Record<string, unknown>,
  }));
  say(context, `Sending ${formatCount(lines.length)} requests to ${target.baseUrl} to measure their answers.`);
  const { clock } = context;
  const run = runBatch({ lines, ...connection, prices, concurrency: CONCURRENCY, clock, signal });
  const tokens: TokenUse[] = [];
  for await (const result of run) if (result.succeeded && result.tokens !== undefined) tokens.push(result.tokens);
  const { cost, promptTokens, answerTokens, failed, stopped } = await run;
  if (tokens.length === 0)
    throw new CliError(
      `Nothing could be measured: ${stopped?.message ?? `all ${failed} requests failed.`} See why: plumb batch run`,
      ExitCode.failed,
    );
  const price = cost === undefined ? '' : `, which cost ${formatMoney(cost)} ${prices?.currency}`;
  const lost = failed === 0 ? '' : ` ${formatCount(failed)} failed.`;
  say(context, `Used ${formatCount(promptTokens)} tokens in and ${formatCount(answerTokens)} out${price}.${lost}`);
  return { tokens, durationsMs, limits: toldLimits(connection.limiter.snapshot()) };
}

/** A fetch that waits for whole answers and notes how long good ones took. */
function timing(durationsMs: number[], { clock }: ClientContext): Fetch {
  return async (input, init) => {
    const sentAt = clock.now();
    const response = await globalThis.fetch(input, init);
    const body = await response.arrayBuffer();
    if (response.ok) durationsMs.push(Math.max(1, clock.now() - sentAt));
    const { status, statusText, headers } = response;
    return new Response(body, { status, statusText, headers });
  };
}
