/**
 * One end of the pipe between the primary and a worker. A message costs both processes microseconds that are many beside
 * what it says, so all that one turn of the event loop brings travels together.
 */
import type { Dialogue, Replies, Verb } from './dialogue.js';
import { decodeError, type ErrorMessage, encodeError, UnavailableError } from './error-messages.js';

/** A question (its verb, its number or 0 where no answer is wanted, its body), or an answer to the number of one. */
export type Message = readonly [verb: Verb | 'answer' | 'failure', id: number, body: unknown];

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
  #isClosed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /**
   * Resolves with the answer. Rejects with what the other side threw, and with a ChannelClosedError when it is gone. What
   * is in no hurry travels with the next question, or one turn later.
   */
  ask<Asked extends Verb>(
    verb: Asked,
    body: Dialogue[Asked]['body'],
    isUrgent = true,
  ): Promise<Dialogue[Asked]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ChannelClosedError());
      const id = this.#nextId++;
      this.#asked.set(id, { resolve, reject });
      if (isUrgent) this.#post([verb, id, body]);
      else this.#postLater([verb, id, body]);
    });
  }

  /** Says what needs no answer, and is in no hurry. */
  tell<Told extends Verb>(verb: Told, body: Dialogue[Told]['body']): void {
    this.#postLater([verb, 0, body]);
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
    const fail = (error: unknown) => this.#answer('failure', id, encodeError(error));
    try {
      const answer = this.#options.replies[verb]?.(body);
      if (!(answer instanceof Promise)) this.#answer('answer', id, answer);
      else answer.then((value) => this.#answer('answer', id, value), fail);
    } catch (error) {
      fail(error);
    }
  }

  #answer(verb: 'answer' | 'failure', id: number, body: unknown): void {
    if (id !== 0) this.#post([verb, id, body]);
  }

  #post(message: Message): void {
    this.#outgoing.push(message);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#flush());
  }

  #postLater(message: Message): void {
    this.#outgoing.push(message);
    if (this.#isDue || this.#isDueLater) return;
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
