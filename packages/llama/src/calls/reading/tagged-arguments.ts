/** Arguments with tags of their own, read into the JSON object that they stand for. */
import { TextMatcher } from '@plumb/wire';
import type { ArgumentKinds } from '../../grammar/schema/argument-compiler.js';
import type { ArgumentTags } from '../call-form.js';
import { markupPattern, writeMarkup } from '../markup.js';
import type { ArgumentsReader, Given } from './arguments-reader.js';
import { JsonScanner } from './json-scanner.js';

/** Reads the value of one argument. Returns what follows its closing tag, or undefined while it goes on. */
type ValueReader = (text: string) => string | undefined;

export class TaggedArguments implements ArgumentsReader {
  readonly #tags: ArgumentTags;
  readonly #kinds: ArgumentKinds;
  readonly #given: Given;
  readonly #opening: string;
  readonly #closing: string;
  readonly #head: RegExp;
  /** What was read and not understood yet. */
  #pending = '';
  #value: ValueReader | undefined;
  #count = 0;

  constructor(tags: ArgumentTags, kinds: ArgumentKinds, given: Given) {
    this.#tags = tags;
    this.#kinds = kinds;
    this.#given = given;
    this.#opening = writeMarkup(tags.opening);
    this.#closing = writeMarkup(tags.closing);
    const before = [tags.beforeText, tags.beforeJson].map((markup) => `(${markupPattern(markup)})`).join('|');
    this.#head = new RegExp(`^${markupPattern(tags.opening)}([^<>"]*)(?:${before})`);
  }

  push(text: string): string | undefined {
    this.#pending += text;
    while (this.#value !== undefined || this.#startValue()) {
      const rest = this.#value!(this.#take());
      if (rest === undefined) return undefined;
      this.#value = undefined;
      this.#pending = rest;
    }
    return this.#isAtEnd() ? this.#end() : undefined;
  }

  /** Reads up to the value of the next argument, if that is what has come. */
  #startValue(): boolean {
    this.#pending = this.#pending.trimStart();
    const head = this.#head.exec(this.#pending);
    if (head === null) return false;
    const name = head[1]!;
    this.#given(`${this.#count++ === 0 ? '{' : ', '}${JSON.stringify(name)}: `);
    this.#pending = this.#pending.slice(head[0].length);
    this.#value = this.#readerOf(name, head[2] !== undefined);
    return true;
  }

  #readerOf(name: string, isText: boolean): ValueReader {
    const isTold = writeMarkup(this.#tags.beforeText) !== writeMarkup(this.#tags.beforeJson);
    const kind = isTold ? (isText ? 'text' : 'json') : this.#kinds.kindOf(name);
    if (kind === 'json') return this.#readJson();
    return kind === 'text' ? this.#readText() : this.#readEither(name);
  }

  /** A string is handed on while it is written, up to what could be the closing tag. */
  #readText(): ValueReader {
    const matcher = this.#matchEnd();
    this.#given('"');
    return (text) => {
      const certain = matcher.push(text);
      if (certain !== '') this.#given(JSON.stringify(certain).slice(1, -1));
      if (matcher.rest !== undefined) this.#given('"');
      return matcher.rest;
    };
  }

  /** What could be both is known at its end alone. */
  #readEither(name: string): ValueReader {
    const matcher = this.#matchEnd();
    let whole = '';
    return (text) => {
      whole += matcher.push(text);
      if (matcher.rest === undefined) return undefined;
      this.#given(this.#kinds.isJson(name, whole) ? whole.trim() : JSON.stringify(whole));
      return matcher.rest;
    };
  }

  #readJson(): ValueReader {
    const scanner = new JsonScanner();
    let hasBegun = false;
    let after: string | undefined;
    return (text) => {
      if (after !== undefined) after += text;
      else {
        const value = hasBegun ? text : text.trimStart();
        hasBegun ||= value !== '';
        const end = scanner.push(value);
        const own = end === -1 ? value : value.slice(0, end);
        if (own !== '') this.#given(own);
        if (end !== -1) after = value.slice(end);
      }
      const place = after?.indexOf(this.#closing) ?? -1;
      return place === -1 ? undefined : after!.slice(place + this.#closing.length);
    };
  }

  #matchEnd(): TextMatcher {
    return new TextMatcher([this.#tags.afterValue + this.#closing]);
  }

  #take(): string {
    const text = this.#pending;
    this.#pending = '';
    return text;
  }

  /** Whether something else than another argument has come. */
  #isAtEnd(): boolean {
    if (this.#value !== undefined || this.#pending === '') return false;
    return !this.#pending.startsWith(this.#opening) && !this.#opening.startsWith(this.#pending);
  }

  #end(): string {
    this.#given(this.#count === 0 ? '{}' : '}');
    return this.#take();
  }
}
