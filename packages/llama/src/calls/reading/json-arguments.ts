/** Arguments that are written as JSON: they are handed on as they are. */
import type { ArgumentsReader, Given } from './arguments-reader.js';
import { JsonScanner } from './json-scanner.js';

export class JsonArguments implements ArgumentsReader {
  readonly #given: Given;
  readonly #scanner = new JsonScanner();
  #hasBegun = false;

  constructor(given: Given) {
    this.#given = given;
  }

  push(text: string): string | undefined {
    const value = this.#hasBegun ? text : text.trimStart();
    if (value === '') return undefined;
    this.#hasBegun = true;
    const end = this.#scanner.push(value);
    this.#given(end === -1 ? value : value.slice(0, end));
    return end === -1 ? undefined : value.slice(end);
  }
}
