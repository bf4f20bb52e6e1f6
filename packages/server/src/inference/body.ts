/** The two forms of an answer's body, streamed and buffered, behind one interface. */
import {
  type ApiError,
  type ChatChunk,
  ChatFold,
  DONE_EVENT,
  EventDecoder,
  encodeEvent,
  errorBody,
  KEEP_ALIVE_COMMENT,
} from '@plumb/wire';
import type { Exchange } from '../http/exchange.js';

/** A body under way. */
export interface Body {
  /** Takes whole server-sent events; returns whether anything was written to the client. */
  take(events: Uint8Array): boolean;
  /** Forgets the events so far; returns whether it could, because none of them has reached the client. */
  restart(): boolean;
  /** Writes something that a client skips. The status is 200 from then on. */
  keepAlive(): void;
  /**
   * Makes the end of a good body ready, with its last events if there are any, and returns what sends it: between the two
   * the answer is accounted for, and after that nothing can go wrong with it any more.
   */
  prepareEnd(lastEvents: Uint8Array | undefined): () => void;
  /** Ends the body with an error: with its own status while nothing was sent, inside the body afterwards. */
  fail(error: ApiError): void;
}

/** The body of an answer in the form that was asked for. */
export function openBody(exchange: Exchange, streamed: boolean): Body {
  return streamed ? new StreamedBody(exchange) : new BufferedBody(exchange);
}

/** Server-sent events, passed on as they come. */
class StreamedBody implements Body {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  take(events: Uint8Array): boolean {
    this.#begin();
    this.#exchange.write(events);
    return true;
  }

  restart(): boolean {
    return false;
  }

  keepAlive(): void {
    this.#begin();
    this.#exchange.write(KEEP_ALIVE_COMMENT);
  }

  prepareEnd(lastEvents: Uint8Array | undefined): () => void {
    return () => {
      this.#begin();
      if (lastEvents !== undefined) this.#exchange.write(lastEvents);
      this.#exchange.end(DONE_EVENT);
    };
  }

  fail(error: ApiError): void {
    // The SDKs raise an error for an event with a top-level `error`. No [DONE] follows: nothing was done.
    if (this.#exchange.headersSent) this.#exchange.end(encodeEvent(JSON.stringify(errorBody(error))));
    else this.#exchange.sendError(error);
  }

  #begin(): void {
    if (!this.#exchange.headersSent) this.#exchange.beginBody('text/event-stream');
  }
}

/** One JSON object: the fold of the stream's events. */
class BufferedBody implements Body {
  readonly #exchange: Exchange;
  #decoder = new EventDecoder();
  #fold = new ChatFold();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  take(events: Uint8Array): boolean {
    for (const event of this.#decoder.push(events)) this.#fold.add(JSON.parse(event.data) as ChatChunk);
    return false;
  }

  restart(): boolean {
    this.#decoder = new EventDecoder();
    this.#fold = new ChatFold();
    return true;
  }

  keepAlive(): void {
    if (!this.#exchange.headersSent) this.#exchange.beginBody('application/json');
    this.#exchange.write('\n');
  }

  prepareEnd(lastEvents: Uint8Array | undefined): () => void {
    if (lastEvents !== undefined) this.take(lastEvents);
    const json = JSON.stringify(this.#fold.response());
    return () => {
      if (this.#exchange.headersSent) this.#exchange.end(json);
      else this.#exchange.sendJson(200, json);
    };
  }

  fail(error: ApiError): void {
    if (this.#exchange.headersSent) this.#exchange.end(JSON.stringify(errorBody(error)));
    else this.#exchange.sendError(error);
  }
}
