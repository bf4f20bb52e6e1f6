/** The failures of an upstream engine: whose fault they are, what the log hears of them, and what the client hears. */
import { type ApiError, invalidRequest, serviceUnavailable } from '@plumb/wire';
import type { FailureCause, FailureReason } from '../engine.js';

export interface UpstreamFailure {
  readonly cause: FailureCause;
  /** For the log, as the end of a sentence that names the engine: `it answered 500`. No secrets. */
  readonly detail: string;
  /** What the client hears of a request that would fail on any engine. */
  readonly message?: string;
  /** When the engine said that it may be asked again, in ms from now. */
  readonly retryAfterMs?: number | undefined;
}

/** Seconds after which a client may try again when the engine did not say. */
const RETRY_AFTER_S = 1;

/** The engine cannot do it. */
export function engineFailure(detail: string, retryAfterMs?: number): UpstreamFailure {
  return { cause: 'engine', detail, retryAfterMs };
}

/** The error of a failure of the engine at an address. The client is told nothing of addresses, keys and their troubles. */
export function errorOf({ cause, detail, message, retryAfterMs }: UpstreamFailure, address: string): ApiError {
  const sentence = `The engine at ${address} failed: ${detail.replace(/\.$/, '')}.`;
  if (cause === 'request') return invalidRequest(message ?? 'The engine refused the request', { detail: sentence });
  const seconds = retryAfterMs === undefined ? RETRY_AFTER_S : Math.max(1, Math.ceil(retryAfterMs / 1000));
  return serviceUnavailable({ detail: sentence, headers: { 'retry-after': String(seconds) } });
}

export function reasonOf({ cause, retryAfterMs }: UpstreamFailure): FailureReason {
  return { cause, retryAfterMs };
}
