/** Where the primary gives out the limits to one worker, and takes back what that had when it dies. */
import type { Limiter, Permit } from '../../limits/limiter.js';
import {
  type AdmissionMessage,
  type DecisionMessage,
  decodeAdmission,
  decodeQuestion,
  encodeHeadroom,
  encodeRefusal,
  type HeadroomMessage,
  type QuestionMessage,
} from './limit-messages.js';

interface Given {
  readonly permit: Permit;
  readonly reservedTokens: number;
}

export class LimitDesk {
  readonly #limiter: Limiter;
  /** By ticket. */
  readonly #given = new Map<number, Given>();
  readonly #waiting = new Map<number, AbortController>();
  #isClosed = false;

  constructor(limiter: Limiter) {
    this.#limiter = limiter;
  }

  /** How many permits are not settled. */
  get open(): number {
    return this.#given.size;
  }

  async admit(message: AdmissionMessage): Promise<DecisionMessage> {
    const [ticket] = message;
    const admission = decodeAdmission(message);
    const waiting = admission.queue === undefined ? undefined : new AbortController();
    if (waiting !== undefined) this.#waiting.set(ticket, waiting);
    try {
      const decision = await this.#limiter.admit(admission, waiting?.signal);
      if (!decision.admitted) return encodeRefusal(decision);
      if (this.#isClosed || waiting?.signal.aborted) await decision.settle(0);
      else this.#given.set(ticket, { permit: decision, reservedTokens: admission.tokens });
      return [encodeHeadroom(decision.headroom)];
    } finally {
      if (waiting !== undefined) this.#waiting.delete(ticket);
    }
  }

  async settle([ticket, tokens]: readonly [number, number]): Promise<void> {
    const given = this.#given.get(ticket);
    this.#given.delete(ticket);
    await given?.permit.settle(tokens);
  }

  /** A request that no longer waits; what it may have been given meanwhile is given back. */
  async abandon(ticket: number): Promise<void> {
    this.#waiting.get(ticket)?.abort();
    await this.settle([ticket, 0]);
  }

  async peek(message: QuestionMessage): Promise<HeadroomMessage> {
    return encodeHeadroom(await this.#limiter.peek(decodeQuestion(message)));
  }

  /** The worker is gone: nobody knows what its requests used, so what was reserved for them stays booked. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiting of this.#waiting.values()) waiting.abort();
    const given = [...this.#given.values()];
    this.#given.clear();
    await Promise.all(given.map(({ permit, reservedTokens }) => permit.settle(reservedTokens)));
  }
}
