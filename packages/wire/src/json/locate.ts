/** Finds again in the bytes of a JSON text what its value has. */
import type { PathSegment } from './path.js';

/**
 * The byte index of the value at `path` in a text that is known to be JSON: for `value` where an array or object begins
 * and where anything else ends, which is where serde stands when it refuses one; for `end` where it ends. Of a key that
 * is given twice the last one counts, as for JSON.parse. Undefined when the text has no such value.
 */
export function locate(bytes: Uint8Array, path: readonly PathSegment[], at: 'value' | 'end'): number | undefined {
  let start: number | undefined = skipSpace(bytes, 0);
  for (const segment of path) {
    if (start === undefined) return undefined;
    start = typeof segment === 'number' ? findItem(bytes, start, segment) : findField(bytes, start, segment);
  }
  if (start === undefined || start >= bytes.length) return undefined;
  return at === 'value' && isNested(bytes[start]) ? start : skipValue(bytes, start);
}

/** The bytes of a field's value in an object that is known to be JSON; of the last one of that name. */
export function spanOfField(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const start = findField(bytes, skipSpace(bytes, 0), name);
  return start === undefined ? undefined : bytes.subarray(start, skipValue(bytes, start));
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

function isNested(byte: number | undefined): boolean {
  return byte === OPEN_BRACE || byte === OPEN_BRACKET;
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let index = start;
  while (isSpace(bytes[index])) index += 1;
  return index;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Where the item of an array begins. */
function findItem(bytes: Uint8Array, start: number, wanted: number): number | undefined {
  if (bytes[start] !== OPEN_BRACKET) return undefined;
  let index = skipSpace(bytes, start + 1);
  for (let position = 0; index < bytes.length && bytes[index] !== CLOSE_BRACKET; position += 1) {
    if (position === wanted) return index;
    index = skipSeparator(bytes, skipValue(bytes, index));
  }
  return undefined;
}

/** Where the value of the last field of this name begins. */
function findField(bytes: Uint8Array, start: number, wanted: string): number | undefined {
  if (bytes[start] !== OPEN_BRACE) return undefined;
  let found: number | undefined;
  let index = skipSpace(bytes, start + 1);
  while (index < bytes.length && bytes[index] !== CLOSE_BRACE) {
    const endOfKey = skipValue(bytes, index);
    // A colon stands between them.
    const value = skipSpace(bytes, skipSpace(bytes, endOfKey) + 1);
    if (readString(bytes.subarray(index, endOfKey)) === wanted) found = value;
    index = skipSeparator(bytes, skipValue(bytes, value));
  }
  return found;
}

function readString(literal: Uint8Array): string {
  return JSON.parse(new TextDecoder().decode(literal)) as string;
}

/** Past the comma after a value, if there is one, to the next token. */
function skipSeparator(bytes: Uint8Array, end: number): number {
  const index = skipSpace(bytes, end);
  return bytes[index] === COMMA ? skipSpace(bytes, index + 1) : index;
}

/** Past the value that begins here. Reads at least one byte, so that a text that is not JSON comes to its end too. */
function skipValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return skipString(bytes, start);
  if (isNested(first)) return skipNested(bytes, start);
  let index = start + 1;
  while (index < bytes.length && !endsScalar(bytes[index])) index += 1;
  return index;
}

function endsScalar(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte);
}

/** Searches from quote to quote: strings are long where texts are. */
function skipString(bytes: Uint8Array, start: number): number {
  for (let end = findQuote(bytes, start + 1); end !== -1; end = findQuote(bytes, end + 1)) {
    let before = end - 1;
    while (bytes[before] === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 1) return end + 1;
  }
  return bytes.length + 1;
}

/** Keys and words are short, and to call for a search takes as long as to look at so many bytes. */
const LOOKED_AT_BYTES = 32;

function findQuote(bytes: Uint8Array, start: number): number {
  const end = Math.min(start + LOOKED_AT_BYTES, bytes.length);
  for (let index = start; index < end; index += 1) if (bytes[index] === QUOTE) return index;
  return bytes.indexOf(QUOTE, end);
}

function skipNested(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let index = start; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === QUOTE) {
      index = skipString(bytes, index) - 1;
    } else if (isNested(byte)) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return bytes.length;
}
