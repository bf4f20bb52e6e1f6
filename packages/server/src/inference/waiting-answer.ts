/** The answer to a request that has nothing generated for itself: it waits for another one's, and is sent that. */
import type { ApiError } from '@plumb/wire';
import { ClientLeftError, type Exchange } from '../http/exchange.js';
import type { Flight, FlightEnd } from '../idempotency/flight.js';
import type { Clock } from '../observe/clock.js';
import type { AnswerForm } from './answer-form.js';
import { type Body, openBody } from './body.js';
import type { KeepAlives, KeptAlive } from './keep-alive.js';

export interface WaitingAnswerParts {
  readonly exchange: Exchange;
  readonly streamed: boolean;
  readonly keepAlives: KeepAlives;
  readonly clock: Clock;
}

export class WaitingAnswer implements KeptAlive {
  readonly #parts: WaitingAnswerParts;
  readonly #body: Body;
  #left: Promise<never> | undefined;
  lastWriteAt: number;
  place = -1;
  /** Inference has begun elsewhere, or will in time. */
  readonly waitingSince = undefined;

  constructor(parts: WaitingAnswerParts) {
    this.#parts = parts;
    this.#body = openBody(parts.exchange, parts.streamed, AS_IT_IS);
    this.lastWriteAt = parts.clock.now();
  }

  /** Waits for the end of another request, kept alive meanwhile. Rejects with a ClientLeftError when the client leaves. */
  async until(flight: Flight): Promise<FlightEnd> {
    const { keepAlives } = this.#parts;
    this.#left ??= leaving(this.#parts.exchange);
    keepAlives.add(this);
    try {
      return await flight.wait(this.#left);
    } finally {
      keepAlives.remove(this);
    }
  }

  /** Sends the events that another answer consisted of. */
  send(events: Uint8Array): void {
    this.#body.prepareEnd(events)();
  }

  /** Ends the body with an error, if it was begun to keep it alive. */
  close(error: ApiError): void {
    const { exchange } = this.#parts;
    if (exchange.headersSent && !exchange.isEnded) this.#body.fail(error);
  }

  keepAlive(): void {
    this.#body.keepAlive();
    this.lastWriteAt = this.#parts.clock.now();
  }

  giveUp(): void {}
}

/** Events pass as they are; a buffered body is the data of the only one. */
const AS_IT_IS: AnswerForm = {
  openFold() {
    let body = '';
    return {
      add(data) {
        body = data;
      },
      body: () => body,
    };
  },
};

/** Rejects when the client leaves. */
function leaving(exchange: Exchange): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  exchange.onClientLeft(() => reject(new ClientLeftError()));
  // Nobody may be listening by then.
  promise.catch(() => {});
  return promise;
}
