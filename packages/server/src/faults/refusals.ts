/** The errors that are injected, in the words of the contract (section 4). */
import {
  ApiError,
  authenticationFailed,
  badGateway,
  insufficientBalance,
  internalError,
  invalidRequest,
  notFound,
  payloadTooLarge,
  permissionDenied,
  rateLimited,
  serviceUnavailable,
  timedOut,
  unprocessable,
} from '@plumb/wire';
import type { FAULT_STATUSES } from './fault-settings.js';

export type FaultStatus = (typeof FAULT_STATUSES)[number];

/** What a refusal repeats of its request. */
export interface RefusedRequest {
  /** The last four characters of its key. */
  readonly lastFour: string;
  readonly model: string;
  readonly bodyLimitBytes: number;
}

const WORDS: Readonly<Record<FaultStatus, (request: RefusedRequest) => ApiError>> = {
  400: () => invalidRequest('Content Exists Risk'),
  401: ({ lastFour }) => authenticationFailed(lastFour),
  402: insufficientBalance,
  403: ({ model }) => permissionDenied(`This key may not use the model ${model}.`),
  404: () => notFound(),
  413: ({ bodyLimitBytes }) => payloadTooLarge(bodyLimitBytes),
  422: () =>
    unprocessable(
      'Failed to deserialize the JSON body into the target type: missing field `messages` at line 1 column 2',
    ),
  429: () =>
    rateLimited(
      'Too many requests. Your current concurrency is 26, which exceeds your concurrency limit of 25 based on your ' +
        'remaining balance. Please top up your balance to restore your concurrency.',
    ),
  500: () => internalError(undefined),
  502: badGateway,
  503: () => serviceUnavailable(),
  504: () => timedOut('The engine did not begin in time'),
};

/** The error of a status; `rule` is for the log alone. `retryAfterMs` is in the time of the client. */
export function writeRefusal(
  status: FaultStatus,
  request: RefusedRequest,
  rule: string,
  retryAfterMs?: number,
): ApiError {
  const { kind, message } = WORDS[status](request);
  return new ApiError(kind, message, {
    detail: `injected by the fault rule ${rule}`,
    ...(retryAfterMs !== undefined && { headers: writeRetryAfter(retryAfterMs) }),
  });
}

/** `Retry-After` has whole seconds (RFC 9110, section 10.2.3); what they cannot say is in `retry-after-ms` as well. */
function writeRetryAfter(retryAfterMs: number): Record<string, string> {
  const whole = { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return retryAfterMs % 1000 === 0 ? whole : { ...whole, 'retry-after-ms': String(Math.ceil(retryAfterMs)) };
}
