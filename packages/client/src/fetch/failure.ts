/** What went wrong with one attempt, and how it is judged. */
import type { WrittenError } from '../dialects/dialect.js';
import type { KitErrorCode } from '../errors/kit-error.js';

/** An attempt that gave no answer. */
export interface Failure {
  readonly code: KitErrorCode;
  /** What is told to the caller: the endpoint's own words, or ours where it has none. */
  readonly error: WrittenError;
  /** The status to answer with; that of the endpoint where it gave one. */
  readonly status: number;
  /** The status that came over the wire; undefined when none came. */
  readonly wireStatus?: number;
  readonly headers?: Headers;
  readonly requestId?: string;
  /** How long to wait, in ms, when the endpoint says so. */
  readonly retryAfterMs?: number;
}

/**
 * How an attempt ended. `reset`: the connection broke before anything came, most often an idle one that the other side
 * had closed. `throttled`: refused for limits. `transient`: may work when tried again. `final`: will not.
 */
export type Verdict = 'reset' | 'throttled' | 'transient' | 'final';

/** Statuses that may be gone when tried again, besides 5xx. */
const TRANSIENT = new Set([408, 409]);

/** 429 is also how some say that the money is spent, which no waiting helps against. */
const SPENT = /insufficient[ _]quota|exceeded your current quota|billing|insufficient[ _]balance/i;

export function codeOf(status: number, error: WrittenError): KitErrorCode {
  if (status === 401 || status === 403) return 'authentication';
  if (status === 402 || (status === 429 && isSpent(error))) return 'insufficient_balance';
  if (status === 429) return 'rate_limited';
  return TRANSIENT.has(status) || status >= 500 ? 'server_error' : 'invalid_request';
}

/** @param shouldRetry The endpoint's own verdict (`x-should-retry`), which wins. */
export function judge(code: KitErrorCode, shouldRetry: boolean | undefined): Verdict {
  if (shouldRetry === false) return 'final';
  if (code === 'rate_limited') return 'throttled';
  const isTransient =
    code === 'server_error' || code === 'connection' || code === 'timeout' || code === 'invalid_answer';
  return isTransient || shouldRetry === true ? 'transient' : 'final';
}

function isSpent({ message, type, code }: WrittenError): boolean {
  return SPENT.test(`${type} ${code} ${message}`);
}

const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'x-ds-trace-id', 'apim-request-id', 'cf-ray'];

/** The endpoint's id of a request, for its support. */
export function requestIdOf(headers: Headers): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const value = headers.get(name);
    if (value !== null) return value.slice(0, 128);
  }
  return undefined;
}
