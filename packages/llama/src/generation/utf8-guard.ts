/**
 * Keeps bytes that are no UTF-8 out of constrained text. A grammar counts characters as llama.cpp decodes them, which
 * takes forms that are longer than needed; decoded properly they would be other characters, and more of them.
 */
import type { TokenBytes } from '../native/token-bytes.js';

export class Utf8Guard {
  readonly #tokenBytes: TokenBytes;
  readonly #size: number;
  #tables: Tables | undefined;

  constructor(tokenBytes: TokenBytes, vocabularySize: number) {
    this.#tokenBytes = tokenBytes;
    this.#size = vocabularySize;
  }

  /** The tokens that are part of no valid text. */
  get neverValid(): readonly number[] {
    return this.#read().neverValid;
  }

  /** The tokens that must not follow one which ends after the first byte of a character. */
  forbiddenAfter(token: number): readonly number[] {
    const { byLastByte } = this.#read();
    const last = this.#tokenBytes(token).at(-1);
    return last === undefined ? NONE : (byLastByte.get(last) ?? NONE);
  }

  /** The tables are made when they are first needed: looking through a vocabulary takes some ten milliseconds. */
  #read(): Tables {
    this.#tables ??= readTables(this.#tokenBytes, this.#size);
    return this.#tables;
  }
}

interface Tables {
  readonly neverValid: readonly number[];
  readonly byLastByte: ReadonlyMap<number, readonly number[]>;
}

const NONE: readonly number[] = [];

/** The second bytes that make the character longer than it needs to be, by the first byte; RFC 3629, section 4. */
const OVERLONG: ReadonlyMap<number, number> = new Map([
  [0xe0, 0x9f],
  [0xf0, 0x8f],
]);

function readTables(tokenBytes: TokenBytes, size: number): Tables {
  const neverValid: number[] = [];
  const byLastByte = new Map([...OVERLONG.keys()].map((byte) => [byte, [] as number[]]));
  for (let token = 0; token < size; token++) {
    const bytes = tokenBytes(token);
    if (!canBePart(bytes)) neverValid.push(token);
    const [first = 0] = bytes;
    for (const [lead, last] of OVERLONG) if (first >= 0x80 && first <= last) byLastByte.get(lead)!.push(token);
  }
  return { neverValid, byLastByte };
}

/** Whether some bytes can be a part of valid text; up to three continuation bytes may belong to what is before. */
function canBePart(bytes: Buffer): boolean {
  let start = 0;
  while (start < bytes.length && start < 3 && isContinuation(bytes[start]!)) start++;
  let place = start;
  while (place < bytes.length) {
    const length = lengthOf(bytes[place]!);
    if (length === 0) return false;
    const end = Math.min(place + length, bytes.length);
    if (!bytes.subarray(place + 1, end).every(isContinuation)) return false;
    if (place + 1 < end && !isSecondByte(bytes[place]!, bytes[place + 1]!)) return false;
    place = end;
  }
  return true;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** How many bytes a character has that begins with this one; 0 when none does. */
function lengthOf(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

function isSecondByte(first: number, second: number): boolean {
  if (second <= (OVERLONG.get(first) ?? 0)) return false;
  // Surrogates, and what lies beyond Unicode.
  if (first === 0xed) return second <= 0x9f;
  return first !== 0xf4 || second <= 0x8f;
}
