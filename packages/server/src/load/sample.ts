/** What is measured of one request. */

/**
 * How a request failed.
 *
 * - `status`: the endpoint answered with something else than 200.
 * - `connection`: it could not be reached, or the connection broke before the head of its answer.
 * - `timeout`: the answer was not whole in time.
 * - `cut_stream`: the connection broke, or the answer ended, in the middle.
 * - `no_finish_reason`: the answer ended in good order and never said why.
 * - `error_in_answer`: a 200 whose body, or one of whose events, is an error.
 * - `invalid_answer`: a 200 that is no answer, such as a page of HTML.
 */
export const FAILURES = [
  'status',
  'connection',
  'timeout',
  'cut_stream',
  'no_finish_reason',
  'error_in_answer',
  'invalid_answer',
] as const;

export type FailureKind = (typeof FAILURES)[number];

export interface Failure {
  readonly kind: FailureKind;
  /** What the endpoint or the system said, shortened. */
  readonly reason: string;
  readonly status?: number;
  /** What a refusal said about coming again, in ms. */
  readonly retryAfterMs?: number;
}

/** Tokens as the endpoint counts them. */
export interface TokenUsage {
  readonly prompt: number;
  readonly cached: number;
  readonly answer: number;
}

/** All times are in ms, of the clock of the load. */
export interface Sample {
  readonly isStreamed: boolean;
  readonly endedAt: number;
  /** When the head of the answer came. */
  readonly firstByteAt: number | undefined;
  /** When the first and the last event with text came; undefined for buffered answers. */
  readonly firstTokenAt: number | undefined;
  readonly lastTokenAt: number | undefined;
  /** Events with text. */
  readonly tokenEvents: number;
  readonly usage: TokenUsage | undefined;
  /** Undefined for a whole answer. */
  readonly failure: Failure | undefined;
}

/** The times that objectives are about, in ms; undefined where a request has none. */
export interface Latencies {
  readonly ttfb: number | undefined;
  readonly ttft: number | undefined;
  /** After the first token, for each further one. */
  readonly tpot: number | undefined;
  readonly e2e: number;
}

/** @param intendedAt When the request was due: however late it was sent, its user has waited since then. */
export function latenciesOf(sample: Sample, intendedAt: number): Latencies {
  const since = (at: number | undefined) => (at === undefined ? undefined : at - intendedAt);
  return {
    ttfb: since(sample.firstByteAt),
    ttft: since(sample.firstTokenAt),
    tpot: timePerToken(sample),
    e2e: sample.endedAt - intendedAt,
  };
}

function timePerToken({ firstTokenAt, lastTokenAt, tokenEvents, usage }: Sample): number | undefined {
  // An event may carry several tokens, so that what the endpoint has counted is better than what was seen.
  const later = (usage?.answer ?? tokenEvents) - 1;
  if (firstTokenAt === undefined || lastTokenAt === undefined || tokenEvents < 2 || later < 1) return undefined;
  return (lastTokenAt - firstTokenAt) / later;
}
