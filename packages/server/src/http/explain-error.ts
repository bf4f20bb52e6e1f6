/** Any thrown value as the error that is answered. */
import { type ApiError, isApiError, serviceUnavailable, toApiError } from '@plumb/wire';

/** Seconds after which a client may try again when something that the server needs is away. */
const RETRY_AFTER_S = '1';

/**
 * The error itself when it has an answer; 503 when something that the server needs cannot be used for the moment, which
 * such errors say of themselves (`isUnavailable`); 500 for anything else. What it was goes to the log alone.
 */
export function explainError(thrown: unknown): ApiError {
  if (isApiError(thrown) || !isUnavailable(thrown)) return toApiError(thrown);
  return serviceUnavailable({ detail: thrown.message, cause: thrown, headers: { 'retry-after': RETRY_AFTER_S } });
}

function isUnavailable(thrown: unknown): thrown is Error {
  return thrown instanceof Error && 'isUnavailable' in thrown && thrown.isUnavailable === true;
}
