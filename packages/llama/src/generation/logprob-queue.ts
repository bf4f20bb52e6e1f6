/** Holds the probabilities of tokens until the text that they made is shown, so that they go out together. */
import type { TokenLogprob } from '@plumb/wire';

export class LogprobQueue {
  readonly #waiting: { readonly entry: TokenLogprob; readonly characters: number }[] = [];
  /** Characters of tokens that were handed out, which have not been shown yet. */
  #ahead = 0;

  /** Adds a token that completed so many characters of text; none when it ends inside of a character. */
  add(entry: TokenLogprob, characters: number): void {
    this.#waiting.push({ entry, characters });
  }

  /** The tokens that the next so many characters were made of. */
  take(characters: number): TokenLogprob[] {
    const taken: TokenLogprob[] = [];
    let covered = this.#ahead;
    while (covered < characters) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      taken.push(next.entry);
      covered += next.characters;
    }
    this.#ahead = Math.max(covered - characters, 0);
    return taken;
  }
}
