/** Reads a result file line by line when a run begins: cuts what a crash left half written, and drops what is asked for. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Verdict } from '../batch/journal.js';
import { KitError } from '../errors/kit-error.js';
import { replaceFile } from './batch-file.js';

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** What is to be done to a file. */
export interface Repair {
  readonly path: string;
  /** How long it is. */
  readonly length: number;
  /** Where its last whole line ends. */
  readonly end: number;
  /** The lines to leave out, one bit a line. */
  readonly dropped: BitList;
}

/** Shows every line to `visit` and finds what is to be done; changes nothing. A file that is not there has no lines. */
export async function inspectFile(path: string, visit: (line: string) => Verdict): Promise<Repair> {
  const dropped = new BitList();
  const decoder = new TextDecoder();
  let end = 0;
  let length = 0;
  let number = 0;
  // A crash of the machine may leave bytes that were never written; they are only ever at the end.
  let torn: number | undefined;
  for await (const line of readRawLines(path)) {
    length = line.end;
    if (!line.isWhole) break;
    const verdict = visit(decoder.decode(line.bytes));
    if (verdict === 'unreadable' && line.bytes.includes(0)) torn ??= number + 1;
    else if (verdict === 'unreadable' || torn !== undefined) throw unreadable(path, torn ?? number + 1);
    else end = line.end;
    dropped.push(verdict === 'drop');
    number += 1;
  }
  return { path, length, end, dropped };
}

/** Does what `inspectFile` has found. Returns the length of the file after that. */
export async function repairFile({ path, length, end, dropped }: Repair): Promise<number> {
  if (dropped.count > 0) return rewrite(path, end, dropped);
  if (length > end) {
    const file = await open(path, 'r+');
    await file.truncate(end);
    await file.datasync();
    await file.close();
  }
  return end;
}

async function rewrite(path: string, end: number, dropped: BitList): Promise<number> {
  let kept = 0;
  await replaceFile(path, async (file) => {
    const writer = new ChunkWriter(file);
    let number = 0;
    for await (const line of readRawLines(path)) {
      if (line.end > end) break;
      if (!dropped.has(number)) {
        kept += line.bytes.length + 1;
        await writer.add(line.bytes);
      }
      number += 1;
    }
    await writer.flush();
  });
  return kept;
}

interface RawLine {
  /** Without the line feed. */
  readonly bytes: Uint8Array;
  /** Where it ends in the file, its line feed included. */
  readonly end: number;
  /** Whether it has its line feed. */
  readonly isWhole: boolean;
}

/** The lines of a file as bytes; none when there is no file. */
export async function* readRawLines(path: string): AsyncGenerator<RawLine> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    let rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null);
      if (bytesRead === 0) break;
      const chunk: Buffer<ArrayBufferLike> = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, start)) {
        at += feed + 1 - start;
        yield { bytes: chunk.subarray(start, feed), end: at, isWhole: true };
        start = feed + 1;
      }
      rest = chunk.subarray(start);
    }
    if (rest.length > 0) yield { bytes: rest, end: at + rest.length, isWhole: false };
  } finally {
    await file.close();
  }
}

class ChunkWriter {
  readonly #file: FileHandle;
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(line: Uint8Array): Promise<void> {
    this.#pieces.push(line, Uint8Array.of(LINE_FEED));
    this.#bytes += line.length + 1;
    if (this.#bytes >= CHUNK_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#bytes > 0) await this.#file.writeFile(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** A list of flags that takes a bit each. */
export class BitList {
  /** How many are set. */
  count = 0;
  #length = 0;
  #bits = new Uint8Array(1024);

  push(isSet: boolean): void {
    if (this.#length >> 3 === this.#bits.length) {
      const wider = new Uint8Array(this.#bits.length * 2);
      wider.set(this.#bits);
      this.#bits = wider;
    }
    if (isSet) {
      this.#bits[this.#length >> 3]! |= 1 << (this.#length & 7);
      this.count += 1;
    }
    this.#length += 1;
  }

  has(index: number): boolean {
    return (this.#bits[index >> 3]! & (1 << (index & 7))) !== 0;
  }
}

function unreadable(path: string, line: number): KitError {
  return new KitError(
    'invalid_input',
    `Line ${line} of ${path} is no line of results: it was edited, or is another file. Put it right, or write to another file.`,
  );
}
