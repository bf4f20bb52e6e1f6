/**
 * Keeps SDKs from retrying what the kit has given up on. Most obey `x-should-retry: false`; those that do not come again
 * with the same body shortly after, and hear the same answer at once.
 */
import type { Clock } from '../time/clock.js';
import { hashText } from './fingerprint.js';
import type { Outgoing } from './outgoing.js';

/** For how long a verdict holds, in ms: the longest back-off between two retries of the SDKs. */
const HOLDS_MS = 60_000;
const VERDICTS_MAX = 1000;
/** SDKs that retry whatever the answer says, by their user agent. */
const RETRIES_ANYWAY = /\bai-sdk[/-]|\blangchainjs-/;

interface PastVerdict {
  readonly at: number;
  readonly answer: () => Response;
}

export class PastVerdicts {
  readonly #clock: Clock;
  readonly #byRequest = new Map<number, PastVerdict>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The verdict on a request that an SDK sends again by itself. */
  find(outgoing: Outgoing): Response | undefined {
    if (this.#byRequest.size === 0 || !isSentAgain(outgoing.headers)) return undefined;
    const verdict = this.#byRequest.get(hashOf(outgoing));
    return verdict !== undefined && this.#clock.now() - verdict.at < HOLDS_MS ? verdict.answer() : undefined;
  }

  keep(outgoing: Outgoing, answer: () => Response): void {
    const hash = hashOf(outgoing);
    this.#byRequest.delete(hash);
    this.#byRequest.set(hash, { at: this.#clock.now(), answer });
    const [oldest] = this.#byRequest.keys();
    if (oldest !== undefined && this.#byRequest.size > VERDICTS_MAX) this.#byRequest.delete(oldest);
  }
}

function isSentAgain(headers: Headers): boolean {
  const retries = Number(headers.get('x-stainless-retry-count') ?? 0);
  return retries > 0 || RETRIES_ANYWAY.test(headers.get('user-agent') ?? '');
}

function hashOf({ url, body }: Outgoing): number {
  return hashText(`${url.href}\n${typeof body === 'string' ? body : ''}`);
}
