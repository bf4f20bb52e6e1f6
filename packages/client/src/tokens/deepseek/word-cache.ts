/**
 * The tokens of words that have been seen, in a table of fixed size: a word has one place, and the last one keeps it. Looked
 * up in the text itself, so that nothing is allocated for a word that is known.
 */

/** A power of two. */
const PLACES = 2 ** 15;
/** The longest word that is kept, in UTF-16 units. */
const UNITS_MAX = 16;
/** The most tokens of a word that is kept. */
const TOKENS_MAX = 8;

export class WordCache {
  readonly #units = new Uint16Array(PLACES * UNITS_MAX);
  readonly #tokens = new Int32Array(PLACES * TOKENS_MAX);
  /** Of each place, 0 when it is free. */
  readonly #lengths = new Uint8Array(PLACES);
  readonly #counts = new Uint8Array(PLACES);

  /** The place of a word, whether it is there or not; -1 for one that is too long. */
  placeOf(text: string, start: number, end: number): number {
    if (end - start > UNITS_MAX) return -1;
    let hash = end - start;
    for (let index = start; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    return (hash ^ (hash >>> 15)) & (PLACES - 1);
  }

  /** How many tokens the word at its place has, 0 when another word is there. */
  countAt(place: number, text: string, start: number, end: number): number {
    if (this.#lengths[place] !== end - start) return 0;
    const shift = place * UNITS_MAX - start;
    for (let index = start; index < end; index++) if (this.#units[index + shift] !== text.charCodeAt(index)) return 0;
    return this.#counts[place]!;
  }

  tokenAt(place: number, index: number): number {
    return this.#tokens[place * TOKENS_MAX + index]!;
  }

  /** Keeps a word and its tokens, if they are few enough. */
  keep(place: number, text: string, start: number, end: number, tokens: Int32Array, count: number): void {
    if (count > TOKENS_MAX) return;
    this.#lengths[place] = end - start;
    this.#counts[place] = count;
    const shift = place * UNITS_MAX - start;
    for (let index = start; index < end; index++) this.#units[index + shift] = text.charCodeAt(index);
    for (let index = 0; index < count; index++) this.#tokens[place * TOKENS_MAX + index] = tokens[index]!;
  }
}
