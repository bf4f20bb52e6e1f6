/**
 * One end of the pipe between the primary and a worker. A message costs both processes microseconds that are many beside
 * what it says, so all that one turn of the event loop brings travels together.
 */
import type { Dialogue, Replies, Verb } from './dialogue.js';
import { decodeError, type ErrorMessage, encodeError, UnavailableError } from './error-messages.js';

/** A question (its verb, its number or 0 where no answer is wanted, its body), or an answer to the number of one. */
export type Message = readonly [verb: Verb | 'answer' | 'failure', id: number, body: unknown];

/** What is in no hurry, and neither is its answer: it travels with what is. */
const UNHURRIED: ReadonlySet<Verb> = new Set(['settle', 'abandon', 'started']);
/** The question that follows most of those, and whose answer takes theirs along. */
const CARRIER: Verb = 'apply';

export interface ChannelOptions {
  /** Writes messages to the other process. */
  readonly send: (messages: readonly Message[]) => void;
  readonly replies: Replies;
}

/** The other process is gone, and with it whatever it was asked. */
export class ChannelClosedError extends UnavailableError {
  override readonly name = 'ChannelClosedError';

  constructor() {
    super('The other process is gone.');
  }
}

interface Asked {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #asked = new Map<number, Asked>();
  #nextId = 1;
  #outgoing: Message[] = [];
  #isDue = false;
  #isDueLater = false;
  /** How many carriers are being answered. */
  #carriers = 0;
  #isClosed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Resolves with the answer. Rejects with what the other side threw, and with a ChannelClosedError when it is gone. */
  ask<Asked extends Verb>(verb: Asked, body: Dialogue[Asked]['body']): Promise<Dialogue[Asked]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ChannelClosedError());
      const id = this.#nextId++;
      this.#asked.set(id, { resolve, reject });
      this.#post([verb, id, body], UNHURRIED.has(verb));
    });
  }

  /** Says what needs no answer. */
  tell<Told extends Verb>(verb: Told, body: Dialogue[Told]['body']): void {
    this.#post([verb, 0, body], UNHURRIED.has(verb));
  }

  /** Takes in what the other side sent. */
  receive(messages: readonly Message[]): void {
    for (const [verb, id, body] of messages) {
      if (verb === 'answer') this.#take(id)?.resolve(body as never);
      else if (verb === 'failure') this.#take(id)?.reject(decodeError(body as ErrorMessage));
      else this.#reply(verb, id, body as never);
    }
  }

  /** The other side is gone: whatever it was asked has failed. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#asked.values()) reject(new ChannelClosedError());
    this.#asked.clear();
  }

  #take(id: number): Asked | undefined {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    return asked;
  }

  #reply(verb: Verb, id: number, body: never): void {
    if (verb === CARRIER) this.#carriers += 1;
    const send = (message: Message) => {
      if (verb === CARRIER) this.#carriers -= 1;
      if (id !== 0) this.#post(message, UNHURRIED.has(verb));
    };
    const fail = (error: unknown) => send(['failure', id, encodeError(error)]);
    try {
      const answer = this.#options.replies[verb]?.(body);
      if (answer instanceof Promise) answer.then((value) => send(['answer', id, value]), fail);
      else send(['answer', id, answer]);
    } catch (error) {
      fail(error);
    }
  }

  #post(message: Message, isUnhurried: boolean): void {
    this.#outgoing.push(message);
    if (isUnhurried) this.#flushLater();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#flush());
  }

  /** A settlement that is written in the next turn goes out with it, and an answer with that of a transaction under way. */
  #flushLater(): void {
    if (this.#isDue || this.#isDueLater || this.#carriers > 0) return;
    this.#isDueLater = true;
    setImmediate(() => setImmediate(() => this.#flush()));
  }

  #flush(): void {
    this.#isDue = false;
    this.#isDueLater = false;
    if (this.#outgoing.length === 0 || this.#isClosed) return;
    const messages = this.#outgoing;
    this.#outgoing = [];
    this.#options.send(messages);
  }
}
