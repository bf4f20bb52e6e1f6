/**
 * A JSON parser that keeps no values: it says what is wrong with a text, in the words and at the position of Rust's
 * serde_json (its `de.rs` and `read.rs`), with the path of serde_path_to_error. The API answers with those texts.
 * Slow beside JSON.parse, and used only after that has failed.
 */
import { type PathSegment, UNKNOWN_KEY } from './path.js';
import { scanNumber } from './scan-number.js';
import { scanString } from './scan-string.js';
import { Fault, fail, failAtNext, type Scanner } from './scanner.js';

/** The deepest nesting of arrays and objects: serde_json refuses the 128th level. */
export const MAX_JSON_DEPTH = 127;

/** What is wrong with a JSON text. */
export interface JsonFault {
  /** What serde_json says. */
  readonly text: string;
  /** The bytes that serde_json has read when it says so. */
  readonly index: number;
  /** The value in which the fault lies; an unreadable key is `?`. */
  readonly path: readonly PathSegment[];
}

/** The first fault of a JSON text in UTF-8, or undefined when it has none. */
export function diagnoseJson(bytes: Uint8Array): JsonFault | undefined {
  const scanner: Scanner = { bytes, index: 0, path: [], depth: 0 };
  try {
    scanValue(scanner);
    if (peekToken(scanner) !== undefined) failAtNext(scanner, 'trailing characters');
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return { text: error.message, index: error.index, path: [...scanner.path] };
    throw error;
  }
}

function scanValue(scanner: Scanner): void {
  const first = peekToken(scanner);
  if (first === undefined) failAtNext(scanner, 'EOF while parsing a value');
  if (first === 0x22 /* " */) scanString(scanner);
  else if (first === 0x7b /* { */) scanNested(scanner, scanObject);
  else if (first === 0x5b /* [ */) scanNested(scanner, scanArray);
  else if (first === 0x2d /* - */ || (first >= 0x30 && first <= 0x39)) scanNumber(scanner);
  else if (first === 0x6e) scanWord(scanner, 'null');
  else if (first === 0x74) scanWord(scanner, 'true');
  else if (first === 0x66) scanWord(scanner, 'false');
  else failAtNext(scanner, 'expected value');
}

/** The next byte that is not white space, not yet read; undefined at the end. */
function peekToken(scanner: Scanner): number | undefined {
  const { bytes } = scanner;
  for (; scanner.index < bytes.length; scanner.index += 1) {
    const byte = bytes[scanner.index];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
  }
  return undefined;
}

function scanNested(scanner: Scanner, scan: (scanner: Scanner) => void): void {
  if (scanner.depth === MAX_JSON_DEPTH) failAtNext(scanner, 'recursion limit exceeded');
  scanner.depth += 1;
  scanner.index += 1;
  scan(scanner);
  scanner.index += 1;
  scanner.depth -= 1;
}

/** From after `{` to before `}`. */
function scanObject(scanner: Scanner): void {
  scanner.path.push(UNKNOWN_KEY);
  for (let first = true; hasNextKey(scanner, first); first = false) {
    const key = scanString(scanner);
    scanner.path.pop();
    scanColon(scanner);
    scanner.path.push(key);
    scanValue(scanner);
    scanner.path[scanner.path.length - 1] = UNKNOWN_KEY;
  }
  scanner.path.pop();
}

function hasNextKey(scanner: Scanner, first: boolean): boolean {
  const byte = peekToken(scanner);
  if (byte === undefined) failAtNext(scanner, 'EOF while parsing an object');
  if (byte === 0x7d /* } */) return false;
  if (first) return byte === 0x22 /* " */ || failAtNext(scanner, 'key must be a string');
  if (byte !== 0x2c /* , */) failAtNext(scanner, 'expected `,` or `}`');
  scanner.index += 1;
  const key = peekToken(scanner);
  if (key === undefined) failAtNext(scanner, 'EOF while parsing a value');
  if (key === 0x7d /* } */) failAtNext(scanner, 'trailing comma');
  return key === 0x22 /* " */ || failAtNext(scanner, 'key must be a string');
}

function scanColon(scanner: Scanner): void {
  const byte = peekToken(scanner);
  if (byte === undefined) failAtNext(scanner, 'EOF while parsing an object');
  if (byte !== 0x3a /* : */) failAtNext(scanner, 'expected `:`');
  scanner.index += 1;
}

/** From after `[` to before `]`. */
function scanArray(scanner: Scanner): void {
  for (let position = 0; hasNextItem(scanner, position === 0); position += 1) {
    scanner.path.push(position);
    scanValue(scanner);
    scanner.path.pop();
  }
}

function hasNextItem(scanner: Scanner, first: boolean): boolean {
  const byte = peekToken(scanner);
  if (byte === undefined) failAtNext(scanner, 'EOF while parsing a list');
  if (byte === 0x5d /* ] */) return false;
  if (first) return true;
  if (byte !== 0x2c /* , */) failAtNext(scanner, 'expected `,` or `]`');
  scanner.index += 1;
  const item = peekToken(scanner);
  if (item === undefined) failAtNext(scanner, 'EOF while parsing a value');
  return item !== 0x5d /* ] */ || failAtNext(scanner, 'trailing comma');
}

function scanWord(scanner: Scanner, word: string): void {
  scanner.index += 1;
  for (let position = 1; position < word.length; position += 1) {
    if (scanner.index === scanner.bytes.length) fail(scanner, 'EOF while parsing a value');
    scanner.index += 1;
    if (scanner.bytes[scanner.index - 1] !== word.charCodeAt(position)) fail(scanner, 'expected ident');
  }
}
