/**
 * The limiter port: one atomic verb that takes from every scope what a request needs, or from none. Adapters:
 * `memory-limiter.ts` for one process, `redis-limiter.ts` for several; `waiting-room.ts` and `fallback-limiter.ts` wrap
 * either of them.
 */

import type { MaybePromise } from './maybe-promise.js';

/** The length of the rolling window, in ms: what was booked at a time has left it exactly this much later. */
export const WINDOW_MS = 60_000;

/** When to ask again after a refusal for concurrency, in ms: nobody knows when a running request ends. */
export const CONCURRENCY_RETRY_MS = 1000;

/**
 * What a scope may use: whole numbers; what is left out is not limited, and 0 admits nothing. They may differ from one
 * admission to the next and hold from it on: what was booked stays booked, and a debt stays owed. Time pays a debt at the
 * pace of the last limit of tokens above 0, also while there is none.
 */
export interface Limits {
  /** Requests admitted in any 60 s. */
  readonly requestsPerMinute?: number | undefined;
  /** Tokens booked in any 60 s. */
  readonly tokensPerMinute?: number | undefined;
  /** Requests admitted and not settled yet. */
  readonly concurrentRequests?: number | undefined;
}

/** Something that has limits of its own: an account, a key, either of them for one model. */
export interface Scope {
  /** Unique among all scopes of all accounts. */
  readonly id: string;
  readonly limits: Limits;
}

/** How long the requests of an account may wait for room, and how many of them. */
export interface QueueLimits {
  readonly maxWaitMs: number;
  readonly maxLength: number;
}

/** What a request asks for. */
export interface Admission {
  /** The account that all scopes belong to; requests of one account wait in one line and share one Redis slot. */
  readonly account: string;
  /** No two with the same id. */
  readonly scopes: readonly Scope[];
  /** Tokens to reserve, see `reservation.ts`. */
  readonly tokens: number;
  /** Only a waiting room reads it; without it a request that does not fit is refused at once. */
  readonly queue?: QueueLimits | undefined;
}

/** Whose headroom is asked for. */
export type HeadroomQuestion = Pick<Admission, 'account' | 'scopes'>;

/** The axes on which a scope is limited, in the order in which they are checked. */
export const LIMIT_KINDS = ['requests', 'tokens', 'concurrency'] as const;

export type LimitKind = (typeof LIMIT_KINDS)[number];

/** One axis as `x-ratelimit-*` headers show it. */
export interface Gauge {
  readonly limit: number;
  /** What could be taken now. */
  readonly remaining: number;
  /** Time until all of the limit is there again if nothing else comes. */
  readonly resetMs: number;
}

/** How much room is left on each limited axis, in the scope that has least of it. */
export interface Headroom {
  readonly requests?: Gauge;
  readonly tokens?: Gauge;
}

/** What was taken for one request, until it is settled. */
export interface Permit {
  readonly admitted: true;
  /** After this request was taken in. */
  readonly headroom: Headroom;
  /**
   * Frees the concurrency and replaces the reservation by the tokens that were really used: what was reserved in excess
   * is given back at the time of the admission; what was used in excess is a debt that is booked as room appears, before
   * any other request is admitted. Only the first call counts. Never rejects; throws a RangeError unless the number is
   * whole and not negative.
   */
  settle(actualTokens: number): MaybePromise<void>;
}

/** Why a request does not fit; nothing was taken anywhere. When several limits refuse, the one that does so longest. */
export type Refusal = TemporaryRefusal | FinalRefusal;

interface RefusalReason {
  readonly admitted: false;
  readonly limit: LimitKind;
  /** Id of the scope whose limit it is. */
  readonly scope: string;
  readonly headroom: Headroom;
}

/** Does not fit yet. */
export interface TemporaryRefusal extends RefusalReason {
  readonly never: false;
  /**
   * The earliest time, from now, at which this very request fits if nothing else comes; one millisecond less is too
   * early. For concurrency it is `CONCURRENCY_RETRY_MS`, a guess.
   */
  readonly retryAfterMs: number;
}

/** Can never fit: the limit is 0, or smaller than the reservation. */
export interface FinalRefusal extends RefusalReason {
  readonly never: true;
}

/**
 * Admits requests. In every half-open span (t, t + 60 s] every scope admits at most `requestsPerMinute` requests and
 * books at most `tokensPerMinute` tokens, and at no time runs more than `concurrentRequests`. A clock that is set back
 * stops the limiter's time for that moment; one that jumps ahead takes it along.
 */
export interface Limiter {
  /**
   * Takes from all scopes or, when one of them has no room, from none. `signal` ends waiting, where the limiter makes
   * requests wait, with a rejection by its reason. Throws a RangeError unless the reservation is whole and not negative;
   * rejects with a LimiterLostError when shared limits cannot be asked.
   */
  admit(admission: Admission, signal?: AbortSignal): MaybePromise<Permit | Refusal>;
  /**
   * What is left now, for answers to requests that are not admitted. Takes nothing and has no effect on any later
   * decision. Rejects with a LimiterLostError when shared limits cannot be asked.
   */
  peek(question: HeadroomQuestion): MaybePromise<Headroom>;
}

/** The limits of the replicas cannot be asked: a matter for 503, not of the request. */
export class LimiterLostError extends Error {
  override readonly name = 'LimiterLostError';
  readonly isUnavailable = true;

  constructor(cause: unknown) {
    super('The shared limits cannot be reached.', { cause });
  }
}

/** Throws a RangeError unless the number of tokens is whole and not negative; anything else would spoil every sum. */
export function requireTokens(tokens: number): void {
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`${tokens} is not a number of tokens.`);
}

/** Whether no empty window has room for a request, so that waiting is no use. */
export function canNeverFit({ scopes, tokens }: Admission): boolean {
  return scopes.some(
    ({ limits: { requestsPerMinute = 1, tokensPerMinute = Number.POSITIVE_INFINITY, concurrentRequests = 1 } }) =>
      requestsPerMinute === 0 || tokensPerMinute === 0 || tokensPerMinute < tokens || concurrentRequests === 0,
  );
}
