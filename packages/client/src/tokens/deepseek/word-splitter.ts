/**
 * Splits text into the words within which tokens are merged. The vocabulary's definition has three stages of regular
 * expressions: groups of up to three digits; runs of Han characters and Kana; and within what is left and within those runs
 * a pattern of words with one character before them, punctuation with line ends after it, and white space. This is the same
 * in one pass, which takes time proportional to the text whatever the text is.
 */
import { after, Characters, DIGIT, EAST_ASIAN, END, LETTER, NEWLINE, OTHER, PUNCTUATION, SPACE } from './characters.js';

const BLANK = 0x20;
const DIGITS_MAX = 3;

export class WordSplitter {
  readonly #characters = new Characters();

  /** Where the word ends that begins at a place of a text, which must be before its end. */
  endOfWord(text: string, start: number): number {
    const found = this.#characters.classAt(text, start);
    const second = after(text, start);
    // A rule never looks beyond the zone that it is in: there a stage before it has already cut.
    const zone = found & EAST_ASIAN;
    const kind = found & ~EAST_ASIAN;
    if (kind === LETTER) return this.#endOfRun(text, second, found);
    if (kind === DIGIT) return this.#endOfDigits(text, second);
    if (kind === PUNCTUATION) {
      if (isAscii(text, start) && isAsciiLetter(text, second)) return endOfAsciiLetters(text, second);
      return this.#endOfPunctuation(text, second, zone);
    }
    if (kind === NEWLINE) return this.#endOfSpace(text, start);
    const next = this.#characters.classAt(text, second);
    if (next === (LETTER | zone)) return this.#endOfRun(text, second, next);
    if (kind === OTHER) return this.#endOfOther(text, second, zone);
    if (text.charCodeAt(start) === BLANK && next === PUNCTUATION) return this.#endOfPunctuation(text, second, zone);
    return this.#endOfSpace(text, start);
  }

  #endOfRun(text: string, start: number, kind: number): number {
    let index = start;
    while (this.#characters.classAt(text, index) === kind) index = after(text, index);
    return index;
  }

  #endOfDigits(text: string, start: number): number {
    let index = start;
    for (let digits = 1; digits < DIGITS_MAX; digits++) {
      if (this.#characters.classAt(text, index) !== DIGIT) break;
      index = after(text, index);
    }
    return index;
  }

  /** Punctuation takes the line ends after it. */
  #endOfPunctuation(text: string, start: number, zone: number): number {
    const end = this.#endOfRun(text, start, PUNCTUATION | zone);
    return zone === 0 ? this.#endOfRun(text, end, NEWLINE) : end;
  }

  /** What no rule matches stays together, but its last character goes to a word that follows. */
  #endOfOther(text: string, start: number, zone: number): number {
    let index = start;
    while (this.#characters.classAt(text, index) === (OTHER | zone)) {
      const next = after(text, index);
      if (this.#characters.classAt(text, next) === (LETTER | zone)) break;
      index = next;
    }
    return index;
  }

  /** White space up to its last line end; without one, all of it, but for the last before something else. */
  #endOfSpace(text: string, start: number): number {
    let index = start;
    let endOfLines = start;
    let kind = this.#characters.classAt(text, index);
    while (kind === SPACE || kind === NEWLINE) {
      index += 1;
      if (kind === NEWLINE) endOfLines = index;
      kind = this.#characters.classAt(text, index);
    }
    if (endOfLines > start) return endOfLines;
    const isCutThere = kind === END || kind === DIGIT || kind >= EAST_ASIAN;
    return isCutThere || index - start === 1 ? index : index - 1;
  }
}

function isAscii(text: string, index: number): boolean {
  return text.charCodeAt(index) < 0x80;
}

function isAsciiLetter(text: string, index: number): boolean {
  const lower = text.charCodeAt(index) | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function endOfAsciiLetters(text: string, start: number): number {
  let index = start;
  while (isAsciiLetter(text, index)) index += 1;
  return index;
}
