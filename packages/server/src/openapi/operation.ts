/** One thing that a client can do, as the reference describes it. The shapes are those that the server itself checks with. */
import type { TObject, TSchema } from 'typebox';

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its prefix; `{id}` stands for one segment. */
  readonly path: string;
  /** The group that it is shown in. */
  readonly tag: string;
  /** A few words. */
  readonly summary: string;
  /** Sentences; Markdown without headings. */
  readonly description: string;
  /** What stands for `{id}`. */
  readonly id?: string;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** A good body. */
  readonly example?: object;
  readonly answer: Answer;
  /** A second good answer, such as 200 where 201 is the usual one. */
  readonly otherAnswer?: Answer;
  /** The statuses of `ERRORS` that it can fail with. */
  readonly errors: readonly ErrorStatus[];
  /** Which key it takes; none when it is open. */
  readonly key: 'api' | 'admin' | 'none';
  /** Whether its answers show the limits of the account. */
  readonly showsLimits?: boolean;
  /** Whether it takes an `Idempotency-Key`. */
  readonly payableOnce?: boolean;
}

/** A good answer. */
export interface Answer {
  readonly status: number;
  readonly description: string;
  /** By content type. A text that is no JSON has the shape of a string. */
  readonly content: Readonly<Record<string, TSchema>>;
}

/** Why a request fails, by status. */
export const ERRORS = {
  400: 'The body is no JSON, a field is wrong, the model is not known, or the prompt is too long.',
  401: 'There is no key, or it is not good.',
  402: 'The balance does not cover the most that the request can cost.',
  403: 'The key is good, and not for this.',
  404: 'There is no such thing.',
  409: 'A name is taken, or a reference or an `Idempotency-Key` was used for something else.',
  413: 'The body is too long.',
  415: 'The body is not announced as JSON.',
  422: '`thinking` is not an object.',
  429: 'A limit has no room. `Retry-After` says when it has.',
  500: 'A fault of the server; its log has the cause under the trace id.',
  503: 'Nothing can take the request for the moment. `Retry-After` says when to come again.',
} as const;

export type ErrorStatus = keyof typeof ERRORS;
