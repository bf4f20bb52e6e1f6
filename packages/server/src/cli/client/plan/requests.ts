/** What is planned: how many requests, and how long their prompts are, counted on a sample and estimated elsewhere. */
import { type BatchRequest, checkBatch, type ModelTotals, requireNoProblems } from '@plumb/client';
import { readBatchFile } from '@plumb/client/node';
import { type Distribution, fromSample } from '@plumb/client/plan';
import { CliError, ExitCode } from '../../exit-code.js';
import type { ClientContext } from '../context.js';
import type { EndpointFlags } from '../flags.js';
import { findModel, type InputFlags, lineOptionsOf } from '../input-flags.js';
import { RequestSample } from './request-sample.js';

export interface PlannedRequests {
  readonly count: number;
  readonly prompt: Distribution;
  /** `max_tokens` of each, Infinity for those without; undefined when none says it. */
  readonly answerMax: Distribution | undefined;
  readonly models: ReadonlyMap<string, ModelTotals>;
  /** Some of them, chosen evenly. */
  readonly sample: readonly BatchRequest[];
  /** Where the tokens of prompts come from, for people. */
  readonly origin: string;
}

/** Requests of which nothing but their number and lengths is known. */
export function requestsFromFlags(count: number, prompt: Distribution, model: string | undefined): PlannedRequests {
  const totals = { requests: count, promptTokens: count * prompt.mean, answerTokensMax: 0, unbounded: count };
  const models = new Map(model === undefined ? [] : [[model, totals]]);
  return { count, prompt, answerMax: undefined, models, sample: [], origin: 'as given' };
}

/** Reads a file. Rejects with a KitError when one of its lines is wrong, and with a CliError when it has none. */
export async function readRequests(
  input: string,
  flags: InputFlags & EndpointFlags & { readonly sample: number; readonly measure?: number },
  context: ClientContext,
): Promise<PlannedRequests> {
  const model = await findModel(flags, context);
  const sample = new RequestSample(Math.max(flags.sample, flags.measure ?? 0));
  const estimates: number[] = [];
  const most: number[] = [];
  const check = await checkBatch(readBatchFile(input, flags.lineBytesMax), {
    ...lineOptionsOf(flags, model),
    onRequest(request, promptTokens) {
      estimates.push(promptTokens);
      most.push(request.answerTokensMax ?? Number.POSITIVE_INFINITY);
      sample.offer(request, promptTokens);
    },
  });
  requireNoProblems(check);
  if (check.lines === 0) throw new CliError(`${input} has no requests.`, ExitCode.usage);
  const counted = flags.sample === 0 ? undefined : await sample.count(flags.sample);
  const factor = counted?.factor ?? 1;
  const isWhole = counted !== undefined && counted.tokens.length === estimates.length;
  return {
    count: check.lines,
    prompt: fromSample(isWhole ? counted.tokens : estimates.map((tokens) => tokens * factor)),
    answerMax: most.some(Number.isFinite) ? fromSample(most) : undefined,
    models: new Map([...check.models].map(([id, totals]) => [id, correct(totals, factor)])),
    sample: sample.requests,
    origin: counted === undefined ? 'estimated' : describeCount(counted.tokens.length, check.lines),
  };
}

function correct(totals: ModelTotals, factor: number): ModelTotals {
  return { ...totals, promptTokens: totals.promptTokens * factor };
}

function describeCount(counted: number, lines: number): string {
  return counted === lines ? 'counted' : `${counted} lines counted, the others estimated by them`;
}
