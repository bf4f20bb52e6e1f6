/**
 * The form of an event that an engine sends in every stream: what is always the same, and the holes between, whose values
 * differ from stream to stream or from chunk to chunk. An event that has a known form says what it says without being
 * parsed.
 */
import { isUtf8 } from 'node:buffer';

/** What a hole holds. */
export type HoleKind = 'id' | 'created' | 'reasoning' | 'content' | 'finish_reason';

/** A value of the event: of which kind, and where its literal begins and ends in the data, without the quotes of a text. */
export interface Hole {
  readonly kind: HoleKind;
  readonly start: number;
  readonly end: number;
}

/** An event of a known form: where it ends, and where its text or its finish reason stands, if it has one. */
export interface FoundEvent {
  readonly form: ChunkForm;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The longest id, in bytes. */
const ID_BYTES_MAX = 256;

export class ChunkForm {
  /** What the event says beside who it is: a piece of a text, the finish reason, or nothing. */
  readonly says: 'reasoning' | 'content' | 'finish_reason' | undefined;
  readonly fingerprint: string | undefined;
  /** Says which forms were found longer ago: set by the book that it is in. */
  foundAt = 0;
  /** Before, between and after the holes. */
  readonly #literals: readonly Buffer[];
  readonly #holes: readonly HoleKind[];

  /** @param holes In the order of their places in `event`, of which no two meet. */
  constructor(event: Buffer, holes: readonly Hole[], fingerprint: string | undefined) {
    const starts = [0, ...holes.map(({ end }) => end)];
    const ends = [...holes.map(({ start }) => start), event.length];
    // Copies, because the event is a view of all that came with it.
    this.#literals = starts.map((start, index) => Buffer.from(event.subarray(start, ends[index])));
    this.#holes = holes.map(({ kind }) => kind);
    this.says = this.#holes.find((kind) => kind !== 'id' && kind !== 'created') as ChunkForm['says'];
    this.fingerprint = fingerprint;
  }

  /** Reads the event that begins at `start`; undefined when it has another form, or is not whole. */
  read(bytes: Buffer, start: number): FoundEvent | undefined {
    let place = start;
    let valueStart = start;
    let valueEnd = start;
    for (let index = 0; index < this.#literals.length; index++) {
      const literal = this.#literals[index] as Buffer;
      if (!matches(bytes, place, literal)) return undefined;
      place += literal.length;
      const hole = this.#holes[index];
      if (hole === undefined) break;
      const end = endOfHole(hole, bytes, place);
      if (end === -1) return undefined;
      if (hole === this.says) {
        valueStart = place;
        valueEnd = end;
      }
      place = end;
    }
    return { form: this, end: place, valueStart, valueEnd };
  }
}

/** A comparison of Node costs as much as one of so many bytes here. */
const LOOPED_BYTES_MAX = 64;

export function matches(bytes: Buffer, start: number, expected: Buffer): boolean {
  const { length } = expected;
  if (start + length > bytes.length) return false;
  if (length > LOOPED_BYTES_MAX) return bytes.compare(expected, 0, length, start, start + length) === 0;
  for (let place = 0; place < length; place++) if (bytes[start + place] !== expected[place]) return false;
  return true;
}

function endOfHole(kind: HoleKind, bytes: Buffer, start: number): number {
  if (kind === 'created') return endOfDigits(bytes, start);
  const end = kind === 'content' || kind === 'reasoning' ? endOfPlainText(bytes, start) : endOfWord(bytes, start);
  return end === start ? -1 : end;
}

function endOfDigits(bytes: Buffer, start: number): number {
  let place = start;
  while (isDigit(bytes[place])) place += 1;
  return place === start ? -1 : place;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** A text of ASCII without any escape. */
function endOfWord(bytes: Buffer, start: number): number {
  const last = Math.min(bytes.length, start + ID_BYTES_MAX);
  for (let place = start; place < last; place++) {
    const byte = bytes[place] as number;
    if (byte === QUOTE) return place;
    if (byte === BACKSLASH || byte < FIRST_PRINTABLE || byte >= FIRST_NOT_ASCII) return -1;
  }
  return -1;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LESS_THAN = 0x3c;
const FIRST_PRINTABLE = 0x20;
const FIRST_NOT_ASCII = 0x80;
/** What may follow a backslash: the escapes that JSON.stringify writes as well. */
const PLAIN_ESCAPES = new Set(Buffer.from('"\\bfnrt'));

/** Where a text ends that JSON.stringify would write with the same bytes; -1 when it is no such text, or not whole. */
export function endOfPlainText(bytes: Buffer, start: number): number {
  let isAscii = true;
  for (let place = start; place < bytes.length; place++) {
    const byte = bytes[place] as number;
    if (byte === QUOTE) return isAscii || isUtf8(bytes.subarray(start, place)) ? place : -1;
    if (byte === LESS_THAN || byte < FIRST_PRINTABLE) return -1;
    if (byte >= FIRST_NOT_ASCII) isAscii = false;
    if (byte !== BACKSLASH) continue;
    place += 1;
    if (!PLAIN_ESCAPES.has(bytes[place] ?? 0)) return -1;
  }
  return -1;
}

/** The text of a hole; undefined when it has escapes. */
export function textOfHole(bytes: Buffer, { valueStart, valueEnd }: FoundEvent): string | undefined {
  const backslash = bytes.indexOf(BACKSLASH, valueStart);
  return backslash === -1 || backslash >= valueEnd ? bytes.toString('utf8', valueStart, valueEnd) : undefined;
}
