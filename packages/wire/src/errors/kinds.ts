/** The closed table of what can go wrong, and how each is said on the wire. */

/** How an error is answered: the HTTP status, and `type` and `code` of the envelope. */
export interface ErrorAnswer {
  readonly status: number;
  readonly type: string;
  readonly code: string;
}

/**
 * Every kind of error with its answer. The API gives nearly all errors the code `invalid_request_error`; its clients
 * tell errors apart by status and `type`.
 */
export const ERROR_KINDS = {
  /** The body has the wrong shape, or holds a value that is not allowed. */
  invalid_request: { status: 400, type: 'invalid_request_error', code: 'invalid_request_error' },
  /** The body is not JSON: like `invalid_request`, but told apart because the API sends its text without the envelope. */
  malformed_json: { status: 400, type: 'invalid_request_error', code: 'invalid_request_error' },
  /** A key that does not exist or no longer counts. */
  authentication: { status: 401, type: 'authentication_error', code: 'invalid_request_error' },
  /** No key, or not as a bearer token; told apart for the same reason as `malformed_json`. */
  credentials_missing: { status: 401, type: 'authentication_error', code: 'invalid_request_error' },
  /** The account cannot pay for the request. */
  insufficient_balance: { status: 402, type: 'unknown_error', code: 'invalid_request_error' },
  /** The key is good and may not do this. */
  permission: { status: 403, type: 'permission_error', code: 'invalid_request_error' },
  not_found: { status: 404, type: 'invalid_request_error', code: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', code: 'invalid_request_error' },
  /** The request did not arrive in time. */
  request_timeout: { status: 408, type: 'timeout_error', code: 'timeout_error' },
  /** The request does not go together with what is there, such as a second thing of a name that is unique. */
  conflict: { status: 409, type: 'invalid_request_error', code: 'invalid_request_error' },
  payload_too_large: { status: 413, type: 'invalid_request_error', code: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error', code: 'invalid_request_error' },
  /** The few shapes that the API answers with 422; all others are 400. */
  unprocessable: { status: 422, type: 'invalid_request_error', code: 'invalid_request_error' },
  rate_limit: { status: 429, type: 'rate_limit_error', code: 'invalid_request_error' },
  /** A fault of the server; what it was goes to the log alone. */
  server_error: { status: 500, type: 'server_error', code: 'server_error' },
  /** A gateway before the server had no answer from it. The server itself never says so, unless it rehearses. */
  bad_gateway: { status: 502, type: 'server_error', code: 'server_error' },
  /** No engine can take the request now. */
  service_unavailable: { status: 503, type: 'service_unavailable_error', code: 'service_unavailable_error' },
  /** The engine did not begin in time. */
  timeout: { status: 504, type: 'timeout_error', code: 'timeout_error' },
} as const satisfies Record<string, ErrorAnswer>;

/** The name of a kind of error. */
export type ErrorKind = keyof typeof ERROR_KINDS;

/**
 * The kind that answers with a status; where several do, the first of the table. A status that none has is counted among
 * the faults of its side: `invalid_request` below 500, `server_error` from there on.
 */
export function kindOfStatus(status: number): ErrorKind {
  const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];
  return (
    kinds.find((kind) => ERROR_KINDS[kind].status === status) ?? (status < 500 ? 'invalid_request' : 'server_error')
  );
}
