/** The one error class: it carries its answer with it, and keeps what only the log may know apart. */
import type { ErrorBody } from './error-body.js';
import { ERROR_KINDS, type ErrorKind, kindOfStatus } from './kinds.js';

/** What an error can carry beside its message. */
export interface ApiErrorOptions {
  /** What went wrong, for the log alone. */
  detail?: string;
  /** What was thrown first, for the log alone. */
  cause?: unknown;
  /** Headers of the answer, such as `allow` or `retry-after`. */
  headers?: Record<string, string>;
}

const brand = Symbol.for('plumb.ApiError');

/** An error with an answer for the caller. `message` is sent; `detail` and `cause` are not. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly kind: ErrorKind;
  readonly status: number;
  readonly type: string;
  readonly code: string;
  /** Always null, as in the API. */
  readonly param = null;
  readonly detail?: string;
  readonly headers?: Record<string, string>;
  readonly [brand] = true;

  constructor(kind: ErrorKind, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const answer = ERROR_KINDS[kind];
    this.kind = kind;
    this.status = answer.status;
    this.type = answer.type;
    this.code = answer.code;
    if (options.detail !== undefined) this.detail = options.detail;
    if (options.headers !== undefined) this.headers = options.headers;
  }
}

/** Whether a thrown value is an `ApiError`, also one of another copy of this package. */
export function isApiError(value: unknown): value is ApiError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** The envelope in which an error is sent: message, type, param, code, in this order. */
export function errorBody(error: ApiError): ErrorBody {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}

/** The error that another process answered with. The message of a 500 is its own affair and goes to the log. */
export function readApiError(status: number, { error }: ErrorBody): ApiError {
  const kind = kindOfStatus(status);
  return kind === 'server_error' ? internalError(undefined, error.message) : new ApiError(kind, error.message);
}

/** The error itself when it is an `ApiError`; anything else becomes a 500 that says nothing of what it was. */
export function toApiError(thrown: unknown): ApiError {
  return isApiError(thrown) ? thrown : internalError(thrown);
}

/** 500: a fault of the server, whose cause is for the log. */
export function internalError(cause: unknown, detail?: string): ApiError {
  return new ApiError('server_error', 'Internal error', { cause, ...(detail === undefined ? {} : { detail }) });
}
