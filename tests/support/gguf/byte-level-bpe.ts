/**
 * Byte-level byte-pair encoding, as GPT-2 and SmolLM2 use it: what a vocabulary of a test model is made with. Only the
 * making is here; llama.cpp does the tokenising.
 */

/**
 * Text as a vocabulary writes it: one printable character for each UTF-8 byte, so that any byte can be in a token.
 * A space is `Ġ`, a line feed `Ċ`.
 */
export function toByteAlphabet(text: string): string {
  return Array.from(Buffer.from(text), (byte) => BYTE_ALPHABET[byte]!).join('');
}

/** The character of each byte value: itself where it is printable Latin-1, else the next one from U+0100 on. */
export const BYTE_ALPHABET: readonly string[] = createByteAlphabet();

/** Two tokens that become one. */
export type Merge = readonly [left: string, right: string];

/**
 * Learns merges from a text: again and again the most frequent pair of neighbours within a word, the first seen among
 * equals, until there are `count` merges or no pair occurs twice. The same text always gives the same merges.
 */
export function learnMerges(text: string, count: number): Merge[] {
  let words = (text.match(WORD) ?? []).map((word) => [...toByteAlphabet(word)]);
  const merges: Merge[] = [];
  while (merges.length < count) {
    const pair = mostFrequentPair(words);
    if (pair === undefined) break;
    merges.push(pair);
    words = words.map((word) => applyMerge(word, pair));
  }
  return merges;
}

function createByteAlphabet(): string[] {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** The part of SmolLM2's pre-tokenizer that text without digits needs: a word or a sign with the space before it. */
const WORD = / ?\p{L}+| ?[^\s\p{L}\p{N}]+/gu;

function mostFrequentPair(words: readonly string[][]): Merge | undefined {
  const counts = new Map<string, number>();
  for (const word of words) {
    for (let index = 1; index < word.length; index++) {
      const pair = `${word[index - 1]} ${word[index]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[1] < 2) return undefined;
  const [left, right] = best[0].split(' ');
  return [left!, right!];
}

function applyMerge(word: readonly string[], [left, right]: Merge): string[] {
  const merged: string[] = [];
  for (const token of word) {
    if (token === right && merged.at(-1) === left) merged[merged.length - 1] = left + right;
    else merged.push(token);
  }
  return merged;
}
