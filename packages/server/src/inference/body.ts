/** The two forms of an answer's body, streamed and buffered, behind one interface. */
import {
  type ApiError,
  type ChatResponse,
  DONE_EVENT,
  EventDecoder,
  encodeEvent,
  errorBody,
  KEEP_ALIVE_COMMENT,
} from '@plumb/wire';
import type { Outgoing } from '../http/exchange.js';
import type { AnswerForm, BodyFold } from './answer-form.js';
import type { Transcript } from './transcript.js';

/** A body under way. */
export interface Body {
  /** Takes whole server-sent events; returns whether anything was written to the client. */
  take(events: Uint8Array): boolean;
  /** Forgets the events so far; returns whether it could, because none of them has reached the client. */
  restart(): boolean;
  /** Writes something that a client skips. The status is 200 from then on. */
  keepAlive(): void;
  /**
   * Makes the end of a good body ready, with its last events if there are any, or of a buffered one with the whole answer
   * in place of all events, and returns what sends it: between the two the answer is accounted for, and after that nothing
   * can go wrong with it any more.
   */
  prepareEnd(lastEvents: Uint8Array | undefined, response?: ChatResponse): () => void;
  /** Ends the body with an error: with its own status while nothing was sent, inside the body afterwards. */
  fail(error: ApiError): void;
}

/** The body of an answer in the form that was asked for; a transcript gets to know what it consists of. */
export function openBody(exchange: Outgoing, streamed: boolean, form: AnswerForm, transcript?: Transcript): Body {
  return streamed ? new StreamedBody(exchange, form, transcript) : new BufferedBody(exchange, form, transcript);
}

/** Server-sent events, passed on as they come or in the words of a dialect. */
class StreamedBody implements Body {
  readonly #exchange: Outgoing;
  readonly #form: AnswerForm;
  readonly #transcript: Transcript | undefined;

  constructor(exchange: Outgoing, form: AnswerForm, transcript: Transcript | undefined) {
    this.#exchange = exchange;
    this.#form = form;
    this.#transcript = transcript;
  }

  take(events: Uint8Array): boolean {
    const written = this.#form.translate?.(events) ?? events;
    if (written.length === 0) return false;
    this.#begin();
    this.#exchange.write(written);
    this.#transcript?.addEvents(written);
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
    const written = lastEvents === undefined ? '' : (this.#form.translate?.(lastEvents) ?? lastEvents);
    this.#transcript?.addEvents(written);
    return () => {
      this.#begin();
      if (written.length > 0) this.#exchange.write(written);
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
  readonly #exchange: Outgoing;
  readonly #form: AnswerForm;
  /** Made with the first events: some answers come as a whole. */
  #decoder: EventDecoder | undefined;
  #fold: BodyFold | undefined;
  readonly #transcript: Transcript | undefined;

  constructor(exchange: Outgoing, form: AnswerForm, transcript: Transcript | undefined) {
    this.#exchange = exchange;
    this.#transcript = transcript;
    this.#form = form;
  }

  take(events: Uint8Array): boolean {
    if (events.length === 0) return false;
    this.#decoder ??= new EventDecoder();
    this.#fold ??= this.#form.openFold();
    for (const event of this.#decoder.push(events)) this.#fold.add(event.data);
    return false;
  }

  restart(): boolean {
    this.#decoder = undefined;
    this.#fold = undefined;
    return true;
  }

  keepAlive(): void {
    if (!this.#exchange.headersSent) this.#exchange.beginBody('application/json');
    this.#exchange.write('\n');
  }

  prepareEnd(lastEvents: Uint8Array | undefined, response?: ChatResponse): () => void {
    if (lastEvents !== undefined) this.take(lastEvents);
    const json = (this.#fold ?? this.#form.openFold()).body(response);
    this.#transcript?.addBody(json);
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
