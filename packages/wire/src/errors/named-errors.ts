/** The errors that the API words itself, by name, so that every place that throws one says the same. */
import { shorten } from '../text.js';
import { ApiError, type ApiErrorOptions } from './api-error.js';

/** 400: the request cannot be served as it is, and the message says why. */
export function invalidRequest(message: string, options?: ApiErrorOptions): ApiError {
  return new ApiError('invalid_request', message, options);
}

/** 400: the body is not JSON, and the message says where it stops being so. */
export function malformedJson(message: string): ApiError {
  return new ApiError('malformed_json', message);
}

/** 422: one of the few shapes that the API refuses with this status. */
export function unprocessable(message: string): ApiError {
  return new ApiError('unprocessable', message);
}

/** 400: the model is not served here. */
export function unsupportedModel(requested: string, supported: readonly string[]): ApiError {
  return invalidRequest(
    `The supported API model names are ${supported.join(', ')}, but you passed ${shorten(requested)}.`,
  );
}

/** 400: prompt and answer together do not fit the context of the model; all numbers are tokens. */
export function contextLengthExceeded(limit: number, promptTokens: number, completionTokens: number): ApiError {
  return invalidRequest(
    `This model's maximum context length is ${limit} tokens. However, you requested ` +
      `${promptTokens + completionTokens} tokens (${promptTokens} in the messages, ${completionTokens} in the ` +
      'completion). Please reduce the length of the messages or completion.',
  );
}

/** 401: there is no key, or it is not sent as a bearer token. */
export function credentialsMissing(): ApiError {
  return new ApiError('credentials_missing', 'Authentication Fails (governor)');
}

/** 401: the key is not good; the message repeats its last four characters and no more. */
export function authenticationFailed(key: string): ApiError {
  return new ApiError('authentication', `Authentication Fails, Your api key: ****${key.slice(-4)} is invalid`);
}

/** 402: the account cannot pay for the request. */
export function insufficientBalance(): ApiError {
  return new ApiError('insufficient_balance', 'Insufficient Balance');
}

/** 403: the key is good and may not do this. */
export function permissionDenied(message: string): ApiError {
  return new ApiError('permission', message);
}

/** 404: nothing is served at this path. */
export function notFound(message = 'Not Found'): ApiError {
  return new ApiError('not_found', message);
}

/** 405: the path is served, by other methods, which the `allow` header names (RFC 9110, section 15.5.6). */
export function methodNotAllowed(allowed: readonly string[]): ApiError {
  return new ApiError('method_not_allowed', 'Method Not Allowed', { headers: { allow: allowed.join(', ') } });
}

/** 408: the request did not arrive in time. */
export function requestTimedOut(): ApiError {
  return new ApiError('request_timeout', 'The request did not arrive in time');
}

/** 409: the request does not go together with what is there, and the message says what that is. */
export function conflict(message: string, options?: ApiErrorOptions): ApiError {
  return new ApiError('conflict', message, options);
}

/** 413: the body is larger than `limitBytes`. */
export function payloadTooLarge(limitBytes: number): ApiError {
  return new ApiError('payload_too_large', `Request body is too large, the limit is ${limitBytes} bytes`);
}

/** 415: the body is said to be something other than JSON. */
export function unsupportedMediaType(): ApiError {
  return new ApiError('unsupported_media_type', 'Expected request with `Content-Type: application/json`');
}

/** 429: too much at once or too often; `headers` can say when to come back. */
export function rateLimited(message: string, headers?: Record<string, string>): ApiError {
  return new ApiError('rate_limit', message, headers === undefined ? {} : { headers });
}

/** 502: a gateway had no answer. */
export function badGateway(): ApiError {
  return new ApiError('bad_gateway', 'Bad Gateway');
}

/** 503: no engine can take the request now. */
export function serviceUnavailable(options?: ApiErrorOptions): ApiError {
  return new ApiError(
    'service_unavailable',
    'Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.',
    options,
  );
}

/** 504: the engine did not begin in time. */
export function timedOut(message: string): ApiError {
  return new ApiError('timeout', message);
}
