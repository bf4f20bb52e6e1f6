/** Finds the end of a JSON value in a stream of text. */

/** What a number or a word can be followed by. */
const ENDS_SCALAR = /[\s<,\]}]/;

export class JsonScanner {
  #hasBegun = false;
  /** Open brackets. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** Looks through the next text. Returns how much of it belongs to the value, or -1 when it all does and more may come. */
  push(text: string): number {
    for (let place = 0; place < text.length; place++) {
      const character = text[place]!;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.#isInString) {
        if (character === '\\') this.#isEscaped = true;
        else if (character === '"' && this.#closeString()) return place + 1;
      } else if (this.#hasBegun && this.#depth === 0 && ENDS_SCALAR.test(character)) return place;
      else if (this.#read(character)) return place + 1;
    }
    return -1;
  }

  /** True when a string was all of the value. */
  #closeString(): boolean {
    this.#isInString = false;
    return this.#depth === 0;
  }

  /** Takes a character outside of strings. True when it ends the value. */
  #read(character: string): boolean {
    this.#hasBegun = true;
    if (character === '"') this.#isInString = true;
    else if (character === '{' || character === '[') this.#depth++;
    else if (character === '}' || character === ']') return --this.#depth === 0;
    return false;
  }
}
