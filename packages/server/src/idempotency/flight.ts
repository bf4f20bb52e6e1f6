/** One request of a key under way, here or on another server, and whoever on this server waits for its end. */
import type { ApiError } from '@plumb/wire';
import type { KeptAnswer } from './kept-answer.js';

/**
 * How it ended. `kept`: with an answer. `failed`: with an error, which was the one for a request by the API key `keyId`.
 * `gone`: without either, so that whoever still wants an answer begins anew.
 */
export type FlightEnd =
  | { readonly kind: 'kept'; readonly answer: KeptAnswer }
  | { readonly kind: 'failed'; readonly error: ApiError; readonly keyId: string }
  | { readonly kind: 'gone' };

export class Flight {
  readonly fingerprint: string;
  /** Called whenever the last one that waited has left. */
  onDeserted = () => {};
  readonly #ended = Promise.withResolvers<FlightEnd>();
  #waiting = 0;

  constructor(fingerprint: string) {
    this.fingerprint = fingerprint;
  }

  /** How many wait for the end. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Waits for the end; rejects as soon as `left` does. */
  async wait(left: Promise<never>): Promise<FlightEnd> {
    this.#waiting += 1;
    try {
      return await Promise.race([this.#ended.promise, left]);
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.onDeserted();
    }
  }

  end(end: FlightEnd): void {
    this.#ended.resolve(end);
  }
}
