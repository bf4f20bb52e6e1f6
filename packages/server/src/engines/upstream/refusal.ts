/** An answer with another status than 200: what its headers and the beginning of its body say. */
import type { UpstreamFailure } from './failure.js';
import { ERROR_BODY_BYTES_MAX, readErrorAnswer } from './read-error.js';
import type { ResponseHeaders } from './read-retry-after.js';
import type { UpstreamParts } from './upstream-parts.js';

export class Refusal {
  readonly #status: number;
  readonly #headers: ResponseHeaders;
  #body: Buffer = Buffer.alloc(0);

  constructor(status: number, headers: ResponseHeaders) {
    this.#status = status;
    this.#headers = headers;
  }

  /** Takes the next bytes of the body; returns whether no more are needed. */
  push(bytes: Buffer): boolean {
    this.#body = Buffer.concat([this.#body, bytes]).subarray(0, ERROR_BODY_BYTES_MAX);
    return this.#body.length === ERROR_BODY_BYTES_MAX;
  }

  read({ clock, endpoint }: UpstreamParts): UpstreamFailure {
    const answer = { status: this.#status, headers: this.#headers, body: this.#body.toString(), now: clock.now() };
    return readErrorAnswer(answer, endpoint.redact);
  }
}
