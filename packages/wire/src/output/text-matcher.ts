/**
 * Finds the first of some texts in a stream of text. However the stream is cut, the result is the same: each character
 * is looked at once, by one Knuth-Morris-Pratt automaton for each text, and what could still become one of the texts is
 * held back.
 */
export class TextMatcher {
  readonly #patterns: readonly Pattern[];
  /** How many characters of each pattern the end of the stream so far matches. */
  readonly #progress: number[];
  #held = '';
  /** What followed the text that was found, in the push that found it; undefined until then. */
  rest: string | undefined;
  /** The text that was found; undefined until then. */
  found: string | undefined;

  /** @param texts What to look for; empty ones are never found. */
  constructor(texts: readonly string[]) {
    this.#patterns = texts.filter((text) => text !== '').map(createPattern);
    this.#progress = this.#patterns.map(() => 0);
  }

  /** Takes the next piece of the stream and returns what is certain to be no part of a text that is looked for. */
  push(piece: string): string {
    if (this.#patterns.length === 0) return piece;
    const stream = this.#held + piece;
    for (let place = this.#held.length; place < stream.length; place++) {
      const found = this.#advance(stream.charCodeAt(place));
      if (found === 0) continue;
      this.rest = stream.slice(place + 1);
      this.found = stream.slice(place + 1 - found, place + 1);
      this.#held = '';
      return stream.slice(0, place + 1 - found);
    }
    const certain = stream.length - Math.max(...this.#progress);
    this.#held = stream.slice(certain);
    return stream.slice(0, certain);
  }

  /** Ends the stream: returns what was held back. */
  end(): string {
    const held = this.#held;
    this.#held = '';
    this.#progress.fill(0);
    return held;
  }

  /** Moves every automaton on by a character. Returns the length of the longest text that it completes, or 0. */
  #advance(character: number): number {
    let found = 0;
    for (let index = 0; index < this.#patterns.length; index++) {
      const { text, fallback } = this.#patterns[index]!;
      let matched = this.#progress[index]!;
      while (matched > 0 && text.charCodeAt(matched) !== character) matched = fallback[matched - 1]!;
      if (text.charCodeAt(matched) === character) matched++;
      this.#progress[index] = matched;
      if (matched === text.length) found = Math.max(found, matched);
    }
    return found;
  }
}

interface Pattern {
  readonly text: string;
  /** For each prefix the length of its longest proper prefix that is also its suffix. */
  readonly fallback: readonly number[];
}

function createPattern(text: string): Pattern {
  const fallback = new Array<number>(text.length).fill(0);
  let matched = 0;
  for (let place = 1; place < text.length; place++) {
    while (matched > 0 && text.charCodeAt(place) !== text.charCodeAt(matched)) matched = fallback[matched - 1]!;
    if (text.charCodeAt(place) === text.charCodeAt(matched)) matched++;
    fallback[place] = matched;
  }
  return { text, fallback };
}
