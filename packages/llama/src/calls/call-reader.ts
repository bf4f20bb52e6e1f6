/** Reads one call while it is written: first the name, then the arguments as they come. */
import type { CallFormat } from './call-format.js';

/** Hears of a call. */
export interface CallListener {
  /** The name is known. */
  start(name: string): void;
  /** A piece of the arguments, as JSON text. */
  given(text: string): void;
}

/** Up to the arguments. */
const HEAD = /^\s*\{\s*"name"\s*:\s*"([^"]*)"\s*,\s*"(?:arguments|parameters)"\s*:/;

export class CallReader {
  readonly #closing: string;
  readonly #listener: CallListener;
  #state: 'head' | 'arguments' | 'tail' = 'head';
  /** What was read and not understood yet. */
  #pending: string;
  /** Open brackets of the arguments. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  constructor({ opening, objectAt, closing }: CallFormat, listener: CallListener) {
    this.#pending = opening.slice(objectAt);
    // The bracket of the call itself is a part of what closes it.
    this.#closing = closing === '' ? '}' : closing;
    this.#listener = listener;
  }

  /** Takes the next text after the opening. Returns what follows the call, or undefined while it goes on. */
  push(text: string): string | undefined {
    this.#pending += text;
    if (this.#state === 'head') this.#readHead();
    if (this.#state === 'arguments') this.#readArguments();
    return this.#state === 'tail' ? this.#readTail() : undefined;
  }

  #readHead(): void {
    const head = HEAD.exec(this.#pending);
    if (head === null) return;
    this.#listener.start(head[1]!);
    this.#pending = this.#pending.slice(head[0].length);
    this.#state = 'arguments';
  }

  #readArguments(): void {
    const text = this.#depth === 0 ? this.#pending.trimStart() : this.#pending;
    const end = this.#findEnd(text);
    this.#pending = text.slice(end);
    if (end > 0) this.#listener.given(text.slice(0, end));
  }

  /** How much of a text belongs to the arguments; with their last bracket the state changes. */
  #findEnd(text: string): number {
    for (let place = 0; place < text.length; place++) {
      const character = text[place]!;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isInString) {
        if (character === '\\') this.#isEscaped = true;
        else if (character === '"') this.#isInString = false;
      } else if (character === '"') this.#isInString = true;
      else if (character === '{' || character === '[') this.#depth++;
      else if ((character === '}' || character === ']') && --this.#depth === 0) {
        this.#state = 'tail';
        return place + 1;
      }
    }
    return text.length;
  }

  #readTail(): string | undefined {
    const place = this.#pending.indexOf(this.#closing);
    return place === -1 ? undefined : this.#pending.slice(place + this.#closing.length);
  }
}
