/** The one error of the toolkit: a closed set of codes, each with one meaning, and what led to it. */

/** What can go wrong, in the order in which a request meets it. */
export type KitErrorCode =
  /** The caller asked for something that cannot be: bad options, a bad schema, bad input. */
  | 'invalid_input'
  /** The endpoint refuses the request as it is (400, 404, 413, 415, 422). */
  | 'invalid_request'
  /** The endpoint does not accept the key (401, 403). */
  | 'authentication'
  /** The account has no money left (402). */
  | 'insufficient_balance'
  /** The endpoint refused for its limits until the deadline (429). */
  | 'rate_limited'
  /** The breaker is open: the endpoint has failed so often that nothing is sent to it for now. */
  | 'breaker_open'
  /** The endpoint failed (408, 409, 5xx, an error inside of a 200) and the retries are spent. */
  | 'server_error'
  /** The endpoint could not be reached, or the connection ended before the answer began. */
  | 'connection'
  /** No answer within the time that it was given. */
  | 'timeout'
  /** The answer ended in the middle: what had come is in `partial`. */
  | 'stream_interrupted'
  /** The answer is none of the contract: no JSON, no choices, no finish_reason. */
  | 'invalid_answer'
  /** The answer does not fit its schema, also after it was asked for again. */
  | 'invalid_output'
  /** The answer was refused or cut by the endpoint (`content_filter`, `length`). */
  | 'incomplete_output'
  /** The tools loop took more steps or more time than it was given. */
  | 'loop_limit'
  /** A tool failed in a way that ends the loop. */
  | 'tool_failed';

/** One attempt of a request, as the final error tells it. */
export interface Attempt {
  /** When it was sent, in ms since the epoch. */
  readonly startedAt: number;
  /** How long it took until it had failed, in ms. */
  readonly durationMs: number;
  /** The HTTP status; undefined when none came. */
  readonly status?: number;
  /** The endpoint's id of the request, for its support. */
  readonly requestId?: string;
  /** What went wrong, in one sentence. Never holds a key or a prompt. */
  readonly reason: string;
}

/** What an error knows besides its sentence. */
export interface KitErrorDetails {
  readonly attempts?: readonly Attempt[];
  readonly status?: number;
  readonly requestId?: string;
  /** Whether the same request may succeed later. */
  readonly retryable?: boolean;
  /** What had come of an answer that was cut. */
  readonly partial?: unknown;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('plumb.client.error');

export class KitError extends Error {
  override readonly name = 'KitError';
  readonly code: KitErrorCode;
  readonly attempts: readonly Attempt[];
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly retryable: boolean;
  readonly partial: unknown;
  readonly [BRAND] = true;

  /** @param message One sentence that says what happened and what to do. */
  constructor(code: KitErrorCode, message: string, details: KitErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.code = code;
    this.attempts = details.attempts ?? [];
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryable = details.retryable ?? false;
    this.partial = details.partial;
  }

  /** Whether something is an error of the toolkit, also one of another copy of this package. */
  static is(value: unknown): value is KitError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}
