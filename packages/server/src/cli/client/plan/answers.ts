/** How long answers are and how long they take: as given, measured, as in an earlier batch, or assumed. */
import { createReadStream } from 'node:fs';
import { readLines, readOutputLine, type TokenUse } from '@plumb/client';
import { constant, type Distribution, fromQuantiles, fromSample, linear } from '@plumb/client/plan';
import { CliError, ExitCode } from '../../exit-code.js';
import type { Quantiles } from './flags.js';
import type { Measured } from './measure.js';
import type { PlannedRequests } from './requests.js';

export interface Answers {
  readonly tokens: Distribution;
  /** In ms. */
  readonly latency: Distribution;
  /** The part of prompts that came from the cache; undefined when it was not seen. */
  readonly cachedShare: number | undefined;
  /** Where both come from, for people. */
  readonly tokensOrigin: string;
  readonly latencyOrigin: string;
}

export interface AnswerFlags {
  readonly answerTokens?: Quantiles;
  /** In seconds. */
  readonly latency?: Quantiles;
  readonly like?: string;
}

/** What an answer is taken to have where neither its request nor anything else says it, in tokens. */
const ASSUMED_TOKENS = 1024;
/** What answers are taken to need where nothing was measured: until they begin, and for each token. */
const ASSUMED_BEGIN_MS = 1000;
const ASSUMED_TOKEN_MS = 20;

/** Flags win over what was measured, that over an earlier batch, that over assumptions. Rejects with a CliError. */
export async function findAnswers(
  { answerMax, count }: PlannedRequests,
  flags: AnswerFlags,
  measured: Measured | undefined,
): Promise<Answers> {
  const { answerTokens, latency, like } = flags;
  const earlier = like === undefined ? undefined : await readEarlier(like);
  const seen = measured?.tokens ?? earlier;
  const tokens = tokensOf(answerTokens, seen, answerMax, count);
  return {
    tokens,
    latency: latencyOf(latency, measured, tokens),
    cachedShare: seen && cachedShareOf(seen),
    tokensOrigin: originOf(flags, measured, answerMax),
    latencyOrigin: latency !== undefined ? 'as given' : measured !== undefined ? describe(measured) : 'assumed',
  };
}

function tokensOf(
  given: Quantiles | undefined,
  seen: readonly TokenUse[] | undefined,
  answerMax: Distribution | undefined,
  count: number,
): Distribution {
  if (given !== undefined) return fromQuantiles(...given);
  if (seen !== undefined) return fromSample(seen.map(({ answer }) => answer));
  if (answerMax === undefined) return constant(ASSUMED_TOKENS);
  const length = Math.min(count, 1000);
  const most = Array.from({ length }, (_, index) => answerMax.quantile((index + 0.5) / length));
  return fromSample(most.map((tokens) => (Number.isFinite(tokens) ? tokens : ASSUMED_TOKENS)));
}

function latencyOf(given: Quantiles | undefined, measured: Measured | undefined, tokens: Distribution): Distribution {
  if (given !== undefined) return fromQuantiles(given[0] * 1000, given[1] * 1000);
  if (measured !== undefined) return fromSample(measured.durationsMs);
  return linear(tokens, ASSUMED_BEGIN_MS, ASSUMED_TOKEN_MS);
}

function originOf(
  { answerTokens, like }: AnswerFlags,
  measured: Measured | undefined,
  answerMax: Distribution | undefined,
): string {
  if (answerTokens !== undefined) return 'as given';
  if (measured !== undefined) return describe(measured);
  if (like !== undefined) return `as in ${like}`;
  return answerMax === undefined ? 'assumed' : 'the most that max_tokens allows, so most likely fewer';
}

function describe({ tokens }: Measured): string {
  return `measured on ${tokens.length}`;
}

function cachedShareOf(tokens: readonly TokenUse[]): number {
  const prompts = tokens.reduce((sum, { prompt }) => sum + prompt, 0);
  return prompts === 0 ? 0 : tokens.reduce((sum, { cached }) => sum + cached, 0) / prompts;
}

async function readEarlier(path: string): Promise<readonly TokenUse[]> {
  const found: TokenUse[] = [];
  for await (const line of readLines(createReadStream(path) as AsyncIterable<Buffer>)) {
    const tokens = 'text' in line ? readOutputLine(line.text)?.tokens : undefined;
    if (tokens !== undefined && tokens.answer > 0) found.push(tokens);
  }
  if (found.length > 0) return found;
  throw new CliError(`${path} has no answers that say how many tokens they used.`, ExitCode.usage);
}
