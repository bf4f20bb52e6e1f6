/** The limiter of a worker: the primary decides, so that limits are exact over all workers. */
import {
  type Admission,
  type Headroom,
  type HeadroomQuestion,
  type Limiter,
  type Permit,
  type Refusal,
  requireTokens,
} from '../../limits/limiter.js';
import type { Channel } from '../channel.js';
import type { DecisionMessage } from './limit-messages.js';
import { decodeHeadroom, decodeRefusal, encodeAdmission, encodeQuestion } from './limit-messages.js';

export class RemoteLimiter implements Limiter {
  readonly #channel: Pick<Channel, 'ask' | 'tell'>;
  #nextTicket = 0;

  constructor(channel: Pick<Channel, 'ask' | 'tell'>) {
    this.#channel = channel;
  }

  async admit(admission: Admission, signal?: AbortSignal): Promise<Permit | Refusal> {
    requireTokens(admission.tokens);
    const ticket = this.#nextTicket++;
    const asked = this.#channel.ask('admit', encodeAdmission(ticket, admission));
    if (signal === undefined || admission.queue === undefined) return this.#read(ticket, await asked);
    return this.#read(ticket, await this.#unlessAborted(ticket, asked, signal));
  }

  async peek(question: HeadroomQuestion): Promise<Headroom> {
    return decodeHeadroom(await this.#channel.ask('peek', encodeQuestion(question)));
  }

  #read(ticket: number, decision: DecisionMessage): Permit | Refusal {
    return decodeRefusal(decision) ?? this.#permit(ticket, decodeHeadroom(decision[0]));
  }

  #permit(ticket: number, headroom: Headroom): Permit {
    let settled: Promise<void> | undefined;
    const settle = (actualTokens: number) => {
      requireTokens(actualTokens);
      // Whoever settles writes to the ledger as well: that takes this along.
      settled ??= this.#channel.ask('settle', [ticket, actualTokens]).catch(() => {});
      return settled;
    };
    return { admitted: true, headroom, settle };
  }

  /** The primary gives back what it gives to a ticket that was abandoned. */
  async #unlessAborted(ticket: number, asked: Promise<DecisionMessage>, signal: AbortSignal): Promise<DecisionMessage> {
    const aborted = Promise.withResolvers<never>();
    const abandon = () => {
      this.#channel.tell('abandon', ticket);
      aborted.reject(signal.reason);
    };
    if (signal.aborted) abandon();
    else signal.addEventListener('abort', abandon);
    try {
      return await Promise.race([asked, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }
}
