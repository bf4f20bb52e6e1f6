/** The limiter's port: who may send now. One limiter stands for one key and one model of one endpoint. */

/**
 * What an endpoint allows. A limit that is absent is unknown: it is learnt from headers and refusals. `Infinity` says
 * that there is none.
 */
export interface Limits {
  /** Requests that may begin in any 60 s. */
  readonly requestsPerMinute?: number;
  /** Tokens, of prompts and answers, in any 60 s. */
  readonly tokensPerMinute?: number;
  /** Requests that may run at once. */
  readonly concurrency?: number;
}

/** The three limits by name. */
export type Axis = 'requests' | 'tokens' | 'concurrency';

/** A request that wants to be sent. */
export interface Admission {
  /** Tokens of its prompt, counted or estimated. */
  readonly promptTokens: number;
  /** The most tokens that its answer can have (`max_tokens`); undefined when it says nothing. */
  readonly answerTokensMax?: number;
  /** Higher goes first. Default: 0. */
  readonly priority?: number;
  /** On whose behalf: callers of one priority take turns. Default: one caller for all. */
  readonly caller?: string;
  /**
   * When it first asked, in ms since the epoch. Earlier goes first, so a request that was refused and asks again with its
   * first time stands at the head. Default: now.
   */
  readonly since?: number;
  /** When waiting is of no use any more, in ms since the epoch. Default: never. */
  readonly deadline?: number;
}

/** Why an endpoint answered 429, as far as it says so. */
export interface Refusal {
  /** The limit that refused, when the answer names it. */
  readonly axis?: Axis;
  /** The value of that limit, when the answer names it ("concurrency limit of 39"). */
  readonly limit?: number;
  /** How long to wait, in ms, when the answer says so. */
  readonly retryAfterMs?: number;
}

/** Leave to send one request once. Ends with exactly one of `refused`, `settle` and `abandon`; later calls do nothing. */
export interface Permit {
  /** How many tokens were set aside for it. */
  readonly reservedTokens: number;
  /** The answer has begun, or it is a refusal: what its headers say about limits is taken over. */
  answered(headers: Headers): void;
  /** The endpoint refused it for its limits. Ask again with the same `since`. `headers` unless `answered` was told of them. */
  refused(refusal: Refusal, headers?: Headers): void;
  /** It has ended, well or badly; `totalTokens` is what it used, undefined when that is not known. */
  settle(totalTokens?: number): void;
  /** It was never sent, or never reached the endpoint: everything is given back. */
  abandon(): void;
}

/** What is known about one limit at the moment. */
export interface AxisState {
  readonly axis: Axis;
  /** Undefined while it is unknown. */
  readonly limit: number | undefined;
  readonly origin: 'given' | 'header' | 'learnt' | 'unknown';
  /** Used in the last 60 s, or at the moment for concurrency. */
  readonly used: number;
}

export interface LimiterSnapshot {
  readonly axes: readonly AxisState[];
  readonly inFlight: number;
  readonly waiting: number;
  /** The limit that the head of the queue waits for; undefined when nobody waits. */
  readonly binding: Axis | undefined;
  /** When the head of the queue can leave, in ms since the epoch; undefined when an answer must end first. */
  readonly nextAt: number | undefined;
  /** 429 answers so far. */
  readonly refusals: number;
}

export interface Limiter {
  /**
   * Waits for its turn.
   *
   * @throws KitError rate_limited when the deadline comes before the turn can (at once when that is certain).
   * @throws the reason of the signal, once it is aborted; the place in the queue is given up.
   */
  admit(admission: Admission, signal?: AbortSignal): Promise<Permit>;
  snapshot(): LimiterSnapshot;
}
