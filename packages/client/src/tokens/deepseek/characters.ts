/** The classes of characters that the vocabulary's splitting into words tells apart. */

/** Letters, and marks that belong to them. */
export const LETTER = 1;
/** Punctuation and symbols. */
export const PUNCTUATION = 2;
/** White space but for line ends. */
export const SPACE = 3;
/** Carriage return and line feed. */
export const NEWLINE = 4;
/** What is in no other class: controls, formats, private and unassigned characters. */
export const OTHER = 5;
/** Numbers of any script. */
export const DIGIT = 6;
/** Beyond the end of the text. */
export const END = 7;
/** Added to the class of the common Han characters, Hiragana and Katakana, which stand in words of their own. */
export const EAST_ASIAN = 8;

/**
 * Characters that Unicode 17 has added, first and last of each range. The tokenizers in use know Unicode 16, for which these
 * are unassigned; so are they here, whatever the platform knows.
 */
// biome-ignore format: a table.
const ADDED_LATER: readonly (readonly [first: number, last: number])[] = [
  [0x1acf, 0x1add], [0x1ae0, 0x1aeb], [0x20c1, 0x20c1], [0x2b96, 0x2b96], [0xa7ce, 0xa7cf], [0xa7d2, 0xa7d2],
  [0xa7d4, 0xa7d4], [0xa7f1, 0xa7f1], [0xfbc3, 0xfbd2], [0xfd90, 0xfd91], [0xfdc8, 0xfdce], [0x10940, 0x10959],
  [0x10ec5, 0x10ec7], [0x10ed0, 0x10ed8], [0x10efa, 0x10efb], [0x11b60, 0x11b67], [0x11db0, 0x11ddb],
  [0x16ea0, 0x16eb8], [0x16ebb, 0x16ed3], [0x16ff2, 0x16ff3], [0x187f8, 0x187ff], [0x18d09, 0x18d1e],
  [0x18d80, 0x18df2], [0x1ccfa, 0x1ccfc], [0x1ceba, 0x1ced0], [0x1cee0, 0x1cef0], [0x1e6c0, 0x1e6de],
  [0x1e6e0, 0x1e6f5], [0x1e6fe, 0x1e6ff], [0x1f6d8, 0x1f6d8], [0x1f777, 0x1f77a], [0x1f8d0, 0x1f8d8],
  [0x1fa54, 0x1fa57], [0x1fa8a, 0x1fa8a], [0x1fa8e, 0x1fa8e], [0x1fac8, 0x1fac8], [0x1facd, 0x1facd],
  [0x1faea, 0x1faea], [0x1faef, 0x1faef], [0x1fbfa, 0x1fbfa], [0x2b73a, 0x2b73f], [0x2cea2, 0x2cead],
  [0x323b0, 0x33479],
];

/** What a lone surrogate is read as, here as everywhere in UTF-8. */
const REPLACEMENT_CHARACTER = 0xfffd;

/** Looks classes up. Each code point is classified once; the pages of the table that nobody reads take no memory. */
export class Characters {
  readonly #classes = new Uint8Array(0x110000);

  /** The class of the character at a place of a text. */
  classAt(text: string, index: number): number {
    const unit = text.charCodeAt(index);
    // Beyond the end `charCodeAt` gives NaN, for which every comparison is false.
    if (unit < 0xd800 || unit > 0xdfff) return this.#classes[unit] || this.#classify(unit);
    if (index >= text.length) return END;
    const codePoint = text.codePointAt(index)!;
    const character = codePoint > 0xffff ? codePoint : REPLACEMENT_CHARACTER;
    return this.#classes[character] || this.#classify(character);
  }

  #classify(codePoint: number): number {
    const isLater = ADDED_LATER.some(([first, last]) => codePoint >= first && codePoint <= last);
    const found = isLater ? OTHER : classify(String.fromCodePoint(codePoint));
    this.#classes[codePoint] = found;
    return found;
  }
}

/** Where the character after the one at a place begins. */
export function after(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdbff) return index + 1;
  const next = text.charCodeAt(index + 1);
  return next >= 0xdc00 && next <= 0xdfff ? index + 2 : index + 1;
}

function classify(character: string): number {
  if (/\p{N}/u.test(character)) return DIGIT;
  const zone = /[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]/.test(character) ? EAST_ASIAN : 0;
  if (/[\p{L}\p{M}]/u.test(character)) return LETTER | zone;
  if (/[\p{P}\p{S}]/u.test(character)) return PUNCTUATION | zone;
  if (/[\r\n]/.test(character)) return NEWLINE;
  return (/\p{White_Space}/u.test(character) ? SPACE : OTHER) | zone;
}
