/** What a route's handler is given. */
import type { Caller } from '../accounts/authenticate.js';
import type { Platform } from '../platform.js';
import type { Exchange } from './exchange.js';
import type { RequestRecord } from './request-record.js';

/** Everything that one request has of its own. */
export interface RequestContext {
  readonly platform: Platform;
  readonly exchange: Exchange;
  /** What the log will say of the request; handlers add to it. */
  readonly record: RequestRecord;
}

/** A request whose key has been checked. */
export interface AuthenticatedContext extends RequestContext {
  readonly caller: Caller;
  /** What `{id}` of the route stood for. */
  readonly id: string;
}

export type OpenHandler = (context: RequestContext) => Promise<void> | void;

/** Answers the exchange or throws; an ApiError becomes its envelope, anything else a 500. */
export type Handler = (context: AuthenticatedContext) => Promise<void> | void;
