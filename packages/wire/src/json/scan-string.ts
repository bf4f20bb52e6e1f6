/** Strings for the diagnosing parser: escapes, surrogate pairs, control characters, UTF-8. */
import { fail, type Scanner } from './scanner.js';

/** Reads a string, from its opening to after its closing quote, and returns what it says. */
export function scanString(scanner: Scanner): string {
  const { bytes } = scanner;
  const start = scanner.index;
  scanner.index += 1;
  for (;;) {
    const byte = bytes[scanner.index];
    if (byte === undefined) fail(scanner, 'EOF while parsing a string');
    scanner.index += 1;
    if (byte === 0x22 /* " */) return decode(scanner, start);
    if (byte === 0x5c /* \ */) scanEscape(scanner);
    else if (byte < 0x20) fail(scanner, 'control character (\\u0000-\\u001F) found while parsing a string');
  }
}

/** The text between the quotes, whose escapes are known to be good. */
function decode(scanner: Scanner, start: number): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(scanner.bytes.subarray(start, scanner.index));
    return JSON.parse(text) as string;
  } catch {
    // All that can still be wrong is the UTF-8, and serde_json notices that at the closing quote.
    return fail(scanner, 'invalid unicode code point');
  }
}

/** From after the backslash to the end of the escape. */
function scanEscape(scanner: Scanner): void {
  const byte = scanner.bytes[scanner.index];
  if (byte === undefined) fail(scanner, 'EOF while parsing a string');
  scanner.index += 1;
  if (byte === 0x75 /* u */) scanUnicodeEscape(scanner);
  else if (!SIMPLE_ESCAPES.includes(byte)) fail(scanner, 'invalid escape');
}

/** The bytes of `"\/bfnrt`. */
const SIMPLE_ESCAPES = [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74];

/** From after `\u` to the end of the escape, or of the second one of a surrogate pair. */
function scanUnicodeEscape(scanner: Scanner): void {
  const unit = scanHex(scanner);
  if (unit >= 0xdc00 && unit <= 0xdfff) fail(scanner, 'lone leading surrogate in hex escape');
  if (unit < 0xd800 || unit > 0xdbff) return;
  for (const expected of [0x5c /* \ */, 0x75 /* u */]) {
    const byte = scanner.bytes[scanner.index];
    if (byte === undefined) fail(scanner, 'EOF while parsing a string');
    scanner.index += 1;
    if (byte !== expected) fail(scanner, 'unexpected end of hex escape');
  }
  const second = scanHex(scanner);
  if (second < 0xdc00 || second > 0xdfff) fail(scanner, 'lone leading surrogate in hex escape');
}

/** The value of the next four hexadecimal digits. */
function scanHex(scanner: Scanner): number {
  const digits = scanner.bytes.subarray(scanner.index, scanner.index + 4);
  scanner.index += digits.length;
  if (digits.length < 4) fail(scanner, 'EOF while parsing a string');
  const text = String.fromCharCode(...digits);
  return /^[0-9a-fA-F]{4}$/.test(text) ? Number.parseInt(text, 16) : fail(scanner, 'invalid escape');
}
