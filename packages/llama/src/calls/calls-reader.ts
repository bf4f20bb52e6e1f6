/** Reads calls while they are written: of each first the name, then the arguments as they come. */
import type { ArgumentKinds } from '../grammar/schema/argument-compiler.js';
import type { CallForm } from './call-form.js';
import { markupPattern } from './markup.js';
import type { ArgumentsReader } from './reading/arguments-reader.js';
import { JsonArguments } from './reading/json-arguments.js';
import { TaggedArguments } from './reading/tagged-arguments.js';

/** Hears of calls. */
export interface CallsListener {
  /** The name of a call is known. */
  callStart(index: number, name: string): void;
  /** A piece of the arguments, as JSON text. */
  callArguments(index: number, text: string): void;
  callEnd(index: number): void;
}

/** The kinds of the arguments of a function; those of forms without tags are not asked for. */
export type KindsOf = (name: string) => ArgumentKinds;

export class CallsReader {
  readonly #form: CallForm;
  readonly #kindsOf: KindsOf;
  readonly #listener: CallsListener;
  #state: 'head' | 'arguments' | 'tail' | 'end' = 'head';
  #head: RegExp;
  readonly #nextHead: RegExp | undefined;
  readonly #tail: RegExp;
  /** What was read and not understood yet. */
  #pending = '';
  #index = 0;
  #arguments: ArgumentsReader | undefined;

  constructor(form: CallForm, kindsOf: KindsOf, listener: CallsListener) {
    this.#form = form;
    this.#kindsOf = kindsOf;
    this.#listener = listener;
    const headOf = (before: CallForm['beforeName']) =>
      new RegExp(`^${markupPattern(before)}([\\w-]+)(?=[^\\w-])${markupPattern(form.afterName)}`);
    this.#head = headOf(form.beforeName);
    this.#nextHead = form.beforeNext === undefined ? undefined : headOf(form.beforeNext);
    this.#tail = new RegExp(`^${markupPattern(form.afterArguments)}`);
  }

  /** Takes the next text after the opening of the first call. */
  push(text: string): void {
    this.#pending += text;
    while (this.#step());
  }

  /** Whether something has been understood, after which there may be more. */
  #step(): boolean {
    if (this.#state === 'head') return this.#readHead();
    if (this.#state === 'arguments') return this.#readArguments();
    return this.#state === 'tail' && this.#readTail();
  }

  #readHead(): boolean {
    const head = this.#head.exec(this.#pending);
    if (head === null) return false;
    const [whole, name = ''] = head;
    this.#listener.callStart(this.#index, name);
    this.#pending = this.#pending.slice(whole.length);
    this.#arguments = this.#createArguments(name);
    this.#state = 'arguments';
    return true;
  }

  #createArguments(name: string): ArgumentsReader {
    const { argumentTags: tags } = this.#form;
    const given = (text: string) => this.#listener.callArguments(this.#index, text);
    return tags === undefined ? new JsonArguments(given) : new TaggedArguments(tags, this.#kindsOf(name), given);
  }

  #readArguments(): boolean {
    const text = this.#pending;
    this.#pending = '';
    const rest = this.#arguments?.push(text);
    if (rest === undefined) return false;
    this.#pending = rest;
    this.#state = 'tail';
    return true;
  }

  #readTail(): boolean {
    const tail = this.#tail.exec(this.#pending);
    if (tail === null) return false;
    this.#pending = this.#pending.slice(tail[0].length);
    this.#listener.callEnd(this.#index++);
    this.#state = this.#nextHead === undefined ? 'end' : 'head';
    this.#head = this.#nextHead ?? this.#head;
    return true;
  }
}
