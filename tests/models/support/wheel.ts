/** Makes zip archives (wheels are such) and a python3 that plays pip, for the tests of `pypi:` sources. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

export interface WheelEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly method?: 'stored' | 'deflated';
  /** Writes sizes and offsets into the zip64 extra field. */
  readonly zip64?: boolean;
  readonly isEncrypted?: boolean;
  /** The CRC-32 that is noted, when it is to be wrong. */
  readonly crc32?: number;
}

/** Builds a zip archive. */
export function buildZip(entries: readonly WheelEntry[], comment = ''): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const packed = entry.method === 'stored' ? entry.content : deflateRawSync(entry.content);
    const name = Buffer.from(entry.name);
    // The local header has an extra field of another length than the directory's, as real archives do.
    const extra = Buffer.from([0x55, 0x54, 0x01, 0x00, 0x00]);
    const header = fixedFields(0x04034b50, entry, packed, name.length, extra.length);
    directory.push(directoryEntry(entry, packed, name, offset));
    pieces.push(header, name, extra, packed);
    offset += header.length + name.length + extra.length + packed.length;
  }
  const entriesAt = offset;
  const bytes = Buffer.concat(directory);
  const isLarge = entries.some(({ zip64 }) => zip64);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isLarge ? 0xffff : entries.length, 10);
  end.writeUInt32LE(isLarge ? 0xffffffff : bytes.length, 12);
  end.writeUInt32LE(isLarge ? 0xffffffff : entriesAt, 16);
  end.writeUInt16LE(comment.length, 20);
  const large = isLarge ? largeEnd(entries.length, bytes.length, entriesAt) : Buffer.alloc(0);
  return Buffer.concat([...pieces, bytes, large, end, Buffer.from(comment)]);
}

function fixedFields(signature: number, entry: WheelEntry, packed: Buffer, name: number, extra: number): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(signature, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(entry.isEncrypted ? 1 : 0, 6);
  header.writeUInt16LE(entry.method === 'stored' ? 0 : 8, 8);
  header.writeUInt32LE(entry.crc32 ?? crc32(entry.content), 14);
  header.writeUInt32LE(packed.length, 18);
  header.writeUInt32LE(entry.content.length, 22);
  header.writeUInt16LE(name, 26);
  header.writeUInt16LE(extra, 28);
  return header;
}

function directoryEntry(entry: WheelEntry, packed: Buffer, name: Buffer, offset: number): Buffer {
  const sizes = entry.zip64 ? [0xffffffff, 0xffffffff, 0xffffffff] : [packed.length, entry.content.length, offset];
  const extra = entry.zip64 ? zip64Extra(entry.content.length, packed.length, offset) : Buffer.alloc(0);
  const head = Buffer.alloc(46);
  fixedFields(0x02014b50, entry, packed, name.length, extra.length).copy(head, 6, 4, 30);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt32LE(sizes[0] ?? 0, 20);
  head.writeUInt32LE(sizes[1] ?? 0, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(sizes[2] ?? 0, 42);
  return Buffer.concat([head, name, extra]);
}

function zip64Extra(bytes: number, packedBytes: number, offset: number): Buffer {
  const extra = Buffer.alloc(9 + 28);
  // Another field comes first.
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt16LE(0x0001, 9);
  extra.writeUInt16LE(24, 11);
  for (const [index, value] of [bytes, packedBytes, offset].entries()) {
    extra.writeBigUInt64LE(BigInt(value), 13 + 8 * index);
  }
  return extra;
}

function largeEnd(entries: number, bytes: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  for (const [at, value] of [
    [24, entries],
    [32, entries],
    [40, bytes],
    [48, offset],
    [56 + 8, offset + bytes],
  ] as const) {
    end.writeBigUInt64LE(BigInt(value), at);
  }
  end.writeUInt32LE(0x07064b50, 56);
  end.writeUInt32LE(1, 72);
  return end;
}

/** How the played pip answers one of its commands. */
export interface PipAnswer {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exitCode?: number;
  /** A file that is copied into the folder of `--dest`. */
  readonly copies?: string;
  /** Stays until it is stopped. */
  readonly hangs?: boolean;
}

export interface PlayedPip {
  /** For `PATH`. */
  readonly folder: string;
  /** Each call is a line there: a JSON array of the arguments. */
  readonly log: string;
}

/** Puts a python3 into `<folder>/bin` that answers `-m pip install` and `-m pip download` as told and does nothing else. */
export async function playPip(folder: string, install: PipAnswer, download: PipAnswer = {}): Promise<PlayedPip> {
  const bin = join(folder, 'bin');
  const log = join(folder, 'pip.log');
  await mkdir(bin, { recursive: true });
  const answers = JSON.stringify({ install, download });
  await writeFile(join(bin, 'python3'), `#!${process.execPath}\n${PLAYER}(${answers}, ${JSON.stringify(log)});\n`);
  await chmod(join(bin, 'python3'), 0o755);
  return { folder: bin, log };
}

/** Runs as CommonJS, because the file has no ending. */
const PLAYER = `(function play(answers, log) {
  const fs = require('node:fs');
  const path = require('node:path');
  const args = process.argv.slice(2);
  fs.appendFileSync(log, JSON.stringify(args) + '\\n');
  if (args[0] !== '-m' || args[1] !== 'pip') process.exit(70);
  const answer = answers[args[2]] ?? { exitCode: 71 };
  if (answer.copies) {
    const folder = args[args.indexOf('--dest') + 1];
    fs.copyFileSync(answer.copies, path.join(folder, path.basename(answer.copies)));
  }
  process.stdout.write(answer.stdout ?? '');
  process.stderr.write(answer.stderr ?? '');
  if (answer.hangs) setInterval(() => {}, 1000);
  else process.exitCode = answer.exitCode ?? 0;
})`;

/** The report that pip writes about a wheel. */
export function pipReport(url: string, sha256: string | undefined): string {
  const archiveInfo = sha256 === undefined ? {} : { hash: `sha256=${sha256}`, hashes: { sha256 } };
  return JSON.stringify({
    version: '1',
    install: [{ download_info: { url, archive_info: archiveInfo } }],
  });
}
