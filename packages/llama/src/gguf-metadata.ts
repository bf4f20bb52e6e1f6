/**
 * Reads what the engine needs to know of a model file before it is loaded: the key-value part at the head of a GGUF
 * (version 2 and 3, little-endian), as the GGUF specification of ggml describes it.
 */
import { closeSync, openSync, readSync } from 'node:fs';

/** The metadata by key. Of arrays only their measures are kept. */
export interface GgufMetadata {
  readonly values: ReadonlyMap<string, string | number | boolean>;
  readonly arrays: ReadonlyMap<string, ArrayMeasures>;
}

/** How many elements an array has, and how many bytes the longest one, where they are strings. */
export interface ArrayMeasures {
  readonly length: number;
  readonly longestBytes: number;
}

/**
 * Reads the metadata of a file.
 *
 * @throws Error with a sentence for the operator when the file is no GGUF, or ends before its metadata do.
 */
export function readGgufMetadata(path: string): GgufMetadata {
  const reader = new FileReader(path);
  try {
    return readMetadata(reader);
  } finally {
    reader.close();
  }
}

const MAGIC = 'GGUF';
const OLDEST_VERSION = 2;
const NEWEST_VERSION = 3;
/** The most keys that a file can have; real ones have some dozens. */
const KEYS_MAX = 65_536;
/** The longest string that is read, in bytes: chat templates are the longest ones. */
const STRING_BYTES_MAX = 16 * 1024 * 1024;

function readMetadata(reader: FileReader): GgufMetadata {
  if (reader.bytes(4).toString('latin1') !== MAGIC) throw new Error('The file is not a GGUF.');
  const version = reader.uint32();
  if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
    throw new Error(`The file is a GGUF of version ${version}; versions 2 and 3 are supported.`);
  }
  reader.uint64();
  const count = reader.uint64();
  if (count > KEYS_MAX) throw new Error('The GGUF is damaged: it has too many metadata keys.');
  const values = new Map<string, string | number | boolean>();
  const arrays = new Map<string, ArrayMeasures>();
  for (let index = 0; index < count; index++) {
    const key = reader.string();
    const type = reader.uint32();
    if (type === Type.array) arrays.set(key, skipArray(reader));
    else values.set(key, readValue(reader, type));
  }
  return { values, arrays };
}

/** Value types of the specification. */
const Type = { bool: 7, string: 8, array: 9 } as const;

/** How a number of each type is read. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: (bytes: Buffer) => number]>> = {
  0: [1, (bytes) => bytes.readUInt8()],
  1: [1, (bytes) => bytes.readInt8()],
  2: [2, (bytes) => bytes.readUInt16LE()],
  3: [2, (bytes) => bytes.readInt16LE()],
  4: [4, (bytes) => bytes.readUInt32LE()],
  5: [4, (bytes) => bytes.readInt32LE()],
  6: [4, (bytes) => bytes.readFloatLE()],
  10: [8, (bytes) => Number(bytes.readBigUInt64LE())],
  11: [8, (bytes) => Number(bytes.readBigInt64LE())],
  12: [8, (bytes) => bytes.readDoubleLE()],
};

function readValue(reader: FileReader, type: number): string | number | boolean {
  if (type === Type.string) return reader.string();
  if (type === Type.bool) return reader.bytes(1)[0] !== 0;
  const number = NUMBERS[type];
  if (number === undefined) throw new Error(`The GGUF is damaged: it has a value of the unknown type ${type}.`);
  return number[1](reader.bytes(number[0]));
}

function skipArray(reader: FileReader): ArrayMeasures {
  const type = reader.uint32();
  const length = reader.uint64();
  const bytesEach = type === Type.bool ? 1 : NUMBERS[type]?.[0];
  if (bytesEach !== undefined) reader.skip(bytesEach * length);
  else if (type === Type.string) return { length, longestBytes: skipStrings(reader, length) };
  else if (type === Type.array) for (let index = 0; index < length; index++) skipArray(reader);
  else throw new Error(`The GGUF is damaged: it has an array of the unknown type ${type}.`);
  return { length, longestBytes: 0 };
}

function skipStrings(reader: FileReader, count: number): number {
  let longest = 0;
  for (let index = 0; index < count; index++) {
    const bytes = reader.uint64();
    longest = Math.max(longest, bytes);
    reader.skip(bytes);
  }
  return longest;
}

/** Reads a file from its start on, in blocks. */
class FileReader {
  readonly #file: number;
  #block = Buffer.alloc(0);
  #place = 0;
  /** Where in the file the block ends. */
  #blockEnd = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  close(): void {
    closeSync(this.#file);
  }

  uint32(): number {
    return this.bytes(4).readUInt32LE();
  }

  uint64(): number {
    return Number(this.bytes(8).readBigUInt64LE());
  }

  string(): string {
    const length = this.uint64();
    if (length > STRING_BYTES_MAX) throw new Error('The GGUF is damaged: it has a string that is too long.');
    return this.bytes(length).toString('utf8');
  }

  /** The next bytes, valid until the next call. */
  bytes(length: number): Buffer {
    if (this.#place + length > this.#block.length) this.#fill(length);
    const bytes = this.#block.subarray(this.#place, this.#place + length);
    this.#place += length;
    return bytes;
  }

  skip(length: number): void {
    const left = this.#block.length - this.#place;
    if (length <= left) {
      this.#place += length;
      return;
    }
    this.#blockEnd += length - left;
    this.#block = Buffer.alloc(0);
    this.#place = 0;
  }

  #fill(length: number): void {
    const rest = this.#block.subarray(this.#place);
    const block = Buffer.allocUnsafe(Math.max(length, BLOCK_BYTES));
    rest.copy(block);
    const read = readSync(this.#file, block, rest.length, block.length - rest.length, this.#blockEnd);
    this.#blockEnd += read;
    this.#block = block.subarray(0, rest.length + read);
    this.#place = 0;
    if (this.#block.length < length) throw new Error('The GGUF is cut off: it ends inside its metadata.');
  }
}

const BLOCK_BYTES = 1024 * 1024;
