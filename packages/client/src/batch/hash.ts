/** A hash of texts that every platform computes at once: what the batch runner tells lines and bodies apart by. */

/** Four 32-bit words. */
export type Hash = readonly [number, number, number, number];

const MULTIPLIERS = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;

/** Of an empty text they are not zero either: a zero stands for a hash that is not known. */
const SEEDS: Hash = [0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834];

/**
 * 128 bits of a text, in the manner of MurmurHash3 (x86, 128 bits) over its UTF-16 units. It guards against mistakes, not
 * against someone who makes collisions on purpose: the texts are the user's own.
 */
export function hashText(text: string): Hash {
  const [c1, c2, c3, c4] = MULTIPLIERS;
  let [h1, h2, h3, h4] = SEEDS;
  for (let at = 0; at < text.length; at += 8) {
    h1 = step(h1, wordAt(text, at), c1, c2, 15, 19, h2, 0x561ccd1b);
    h2 = step(h2, wordAt(text, at + 2), c2, c3, 16, 17, h3, 0x0bcaa747);
    h3 = step(h3, wordAt(text, at + 4), c3, c4, 17, 15, h4, 0x96cd1c35);
    h4 = step(h4, wordAt(text, at + 6), c4, c1, 18, 13, h1, 0x32ac3b17);
  }
  return finish([h1 ^ text.length, h2 ^ text.length, h3 ^ text.length, h4 ^ text.length]);
}

/** 16 hex digits: the first 64 bits. */
export function toHex([first, second]: Hash): string {
  return wordToHex(first) + wordToHex(second);
}

function wordToHex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** Two UTF-16 units; what is past the end counts as zero, and the length that is mixed in later tells it apart. */
function wordAt(text: string, at: number): number {
  const low = at < text.length ? text.charCodeAt(at) : 0;
  const high = at + 1 < text.length ? text.charCodeAt(at + 1) : 0;
  return low | (high << 16);
}

function step(
  state: number,
  word: number,
  before: number,
  after: number,
  wordTurn: number,
  stateTurn: number,
  next: number,
  constant: number,
): number {
  const mixed = state ^ Math.imul(rotate(Math.imul(word, before), wordTurn), after);
  return (Math.imul((rotate(mixed, stateTurn) + next) | 0, 5) + constant) | 0;
}

function finish([h1, h2, h3, h4]: Hash): Hash {
  const sum = (h1 + h2 + h3 + h4) | 0;
  const [m1, m2, m3, m4] = [scramble(sum), scramble(h2 + sum), scramble(h3 + sum), scramble(h4 + sum)];
  const first = (m1 + m2 + m3 + m4) | 0;
  return [first >>> 0, (m2 + first) >>> 0, (m3 + first) >>> 0, (m4 + first) >>> 0];
}

/** The avalanche of MurmurHash3. */
function scramble(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}

function rotate(word: number, turn: number): number {
  return (word << turn) | (word >>> (32 - turn));
}
