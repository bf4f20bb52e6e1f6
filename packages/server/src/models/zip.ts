/**
 * Reads single members out of a zip archive (a wheel is one) without loading it: the central directory, zip64 included,
 * and members that are stored or deflated. Source: PKWARE APPNOTE.TXT, sections 4.3 and 4.5.3.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { ModelError } from './model-error.js';

/** A file inside an archive. */
export interface ZipMember {
  /** With `/` between folders. */
  readonly name: string;
  /** Unpacked size. */
  readonly bytes: number;
  readonly packedBytes: number;
  readonly method: number;
  readonly crc32: number;
  readonly isEncrypted: boolean;
  /** Where the local header of the member begins. */
  readonly headerOffset: number;
}

const STORED = 0;
const DEFLATED = 8;

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const END_MAX_BYTES = END_BYTES + 0xffff;
const END64_LOCATOR_SIGNATURE = 0x07064b50;
const END64_LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_BYTES = 46;
const HEADER_SIGNATURE = 0x04034b50;
const HEADER_BYTES = 30;
const ZIP64_EXTRA = 0x0001;
/** In 32-bit fields: the value is in the zip64 extra field. */
const IN_EXTRA = 0xffffffff;

/** Bytes that are unpacked at a time. */
const CHUNK_BYTES = 256 * 1024;
/** The largest central directory that is read, in bytes. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

/** Lists the members. Throws a ModelError `corrupt` when the file is no whole zip archive. */
export async function listZip(path: string): Promise<ZipMember[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const directory = await findDirectory(file, size);
    if (directory.bytes > MAX_DIRECTORY_BYTES || directory.offset + directory.bytes > size) throw broken();
    return readEntries(await readBytes(file, directory.offset, directory.bytes), directory.entries);
  } finally {
    await file.close();
  }
}

/**
 * Unpacks one member piece by piece. Throws a ModelError `corrupt` at the latest after the last piece when size or
 * CRC-32 are wrong, `bad_answer` for a member that is encrypted or packed in another way.
 */
export async function* readZipMember(path: string, member: ZipMember): AsyncGenerator<Buffer> {
  if (member.isEncrypted || (member.method !== STORED && member.method !== DEFLATED)) {
    throw new ModelError('bad_answer', `${member.name} is packed in a way that Plumb does not read.`);
  }
  let bytes = 0;
  let checksum = 0;
  const start = await findData(path, member);
  for await (const chunk of unpack(path, start, member)) {
    bytes += chunk.length;
    if (bytes > member.bytes) throw broken();
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (bytes !== member.bytes || checksum !== member.crc32) throw broken();
}

async function* unpack(path: string, start: number, member: ZipMember): AsyncGenerator<Buffer> {
  if (member.packedBytes === 0) return;
  const packed = createReadStream(path, { start, end: start + member.packedBytes - 1, highWaterMark: CHUNK_BYTES });
  const unpacked: Readable =
    member.method === STORED ? packed : packed.pipe(createInflateRaw({ chunkSize: CHUNK_BYTES }));
  if (unpacked !== packed) packed.on('error', (error) => unpacked.destroy(error));
  try {
    for await (const chunk of unpacked) yield chunk as Buffer;
  } catch (error) {
    throw error instanceof Error && 'code' in error && String(error.code).startsWith('Z_') ? broken(error) : error;
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly entries: number;
}

async function findDirectory(file: FileHandle, size: number): Promise<Directory> {
  const tailOffset = Math.max(0, size - END_MAX_BYTES);
  const tail = await readBytes(file, tailOffset, size - tailOffset);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length)
      continue;
    const large = await findLargeDirectory(file, tailOffset + at);
    if (large !== undefined) return large;
    return {
      entries: tail.readUInt16LE(at + 10),
      bytes: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
  }
  throw broken();
}

async function findLargeDirectory(file: FileHandle, endOffset: number): Promise<Directory | undefined> {
  const locatorOffset = endOffset - END64_LOCATOR_BYTES;
  if (locatorOffset < 0) return undefined;
  const locator = await readBytes(file, locatorOffset, END64_LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== END64_LOCATOR_SIGNATURE) return undefined;
  const end = await readBytes(file, readLarge(locator, 8), END64_BYTES);
  if (end.readUInt32LE(0) !== END64_SIGNATURE) throw broken();
  return { entries: readLarge(end, 32), bytes: readLarge(end, 40), offset: readLarge(end, 48) };
}

function readEntries(directory: Buffer, count: number): ZipMember[] {
  const members: ZipMember[] = [];
  let at = 0;
  while (members.length < count) {
    if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY_SIGNATURE) throw broken();
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const end = at + ENTRY_BYTES + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
    if (end > directory.length) throw broken();
    members.push(readEntry(directory.subarray(at, end), nameBytes, extraBytes));
    at = end;
  }
  return members;
}

function readEntry(entry: Buffer, nameBytes: number, extraBytes: number): ZipMember {
  const nameEnd = ENTRY_BYTES + nameBytes;
  const extra = findExtra(entry.subarray(nameEnd, nameEnd + extraBytes));
  // In this order, and only those that do not fit into 32 bits, stand the values in the extra field.
  let extraAt = 0;
  const readSize = (at: number): number => {
    const value = entry.readUInt32LE(at);
    if (value !== IN_EXTRA) return value;
    if (extraAt + 8 > extra.length) throw broken();
    extraAt += 8;
    return readLarge(extra, extraAt - 8);
  };
  return {
    name: entry.toString('utf8', ENTRY_BYTES, nameEnd),
    isEncrypted: (entry.readUInt16LE(8) & 1) === 1,
    method: entry.readUInt16LE(10),
    crc32: entry.readUInt32LE(16),
    bytes: readSize(24),
    packedBytes: readSize(20),
    headerOffset: readSize(42),
  };
}

function findExtra(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === ZIP64_EXTRA) return extra.subarray(at + 4, end);
    at = end;
  }
  return extra.subarray(0, 0);
}

/** Where the packed bytes begin: the local header has lengths of its own. */
async function findData(path: string, member: ZipMember): Promise<number> {
  const file = await open(path, 'r');
  try {
    const header = await readBytes(file, member.headerOffset, HEADER_BYTES);
    if (header.readUInt32LE(0) !== HEADER_SIGNATURE) throw broken();
    return member.headerOffset + HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function readBytes(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, offset);
  if (bytesRead !== bytes) throw broken();
  return buffer;
}

function readLarge(buffer: Buffer, at: number): number {
  const value = buffer.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken();
  return Number(value);
}

function broken(cause?: Error): ModelError {
  return new ModelError('corrupt', 'The archive is damaged.', { cause });
}
