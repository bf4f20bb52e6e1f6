/**
 * The part of a file that has arrived: `<file>.part`, and beside it `<file>.part.json`, which says what it is a part of.
 * Only `commit` gives a file its final name.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, type FileHandle, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError, systemCode } from './model-error.js';

/** What a part is a part of. */
export interface PartOrigin {
  readonly url: string;
  /** The promised SHA-256 of the whole, in lower-case hex; parts of the same whole may come from several URLs. */
  readonly sha256: string | undefined;
  /** The strong validator of RFC 9110, section 8.8, that the server gave: an entity tag, or else a date. */
  readonly validator: string | undefined;
  /** Bytes of the whole, undefined where the server did not say. */
  readonly totalBytes: number | undefined;
}

/** Room that is left on the disk for others, in bytes. */
const SPARE_DISK_BYTES = 16 * 1024 * 1024;
/** Bytes that are read at a time while a part from an earlier run is hashed. */
const READ_BYTES = 1024 * 1024;

export class PartFile {
  readonly path: string;
  readonly #file: FileHandle;
  #origin: PartOrigin | undefined;
  #hash: Hash = createHash('sha256');
  #length = 0;

  private constructor(path: string, file: FileHandle, origin: PartOrigin | undefined) {
    this.path = path;
    this.#file = file;
    this.#origin = origin;
  }

  /**
   * Opens the part of `destination`. What an earlier run left is taken up, and read once for its hash, when it is of the
   * same whole: the same promised SHA-256, or without one the same URL with a validator. Anything else is dropped.
   */
  static async open(
    destination: string,
    whole: Pick<PartOrigin, 'url' | 'sha256'>,
    signal: AbortSignal,
  ): Promise<PartFile> {
    const path = `${destination}.part`;
    const origin = await readOrigin(path);
    const isOurs = origin !== undefined && continues(origin, whole);
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | (isOurs ? 0 : constants.O_TRUNC));
    const part = new PartFile(path, file, isOurs ? origin : undefined);
    try {
      if (isOurs) await part.#hashWhatIsThere(signal);
      else await part.restart(undefined);
      return part;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are there. */
  get length(): number {
    return this.#length;
  }

  /** What the bytes are a part of; undefined before the first answer. */
  get origin(): PartOrigin | undefined {
    return this.#origin;
  }

  /** SHA-256 of the bytes that are there, in lower-case hex. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Drops all bytes and begins a part of `origin`; undefined when nothing is known of the whole. */
  async restart(origin: PartOrigin | undefined): Promise<void> {
    // In this order a crash leaves either no note or no bytes, never a note about other bytes.
    await rm(notePath(this.path), { force: true });
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#length = 0;
    this.#origin = origin;
    if (origin !== undefined) await writeFile(notePath(this.path), JSON.stringify(origin));
  }

  /** Adds bytes at the end. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, written, bytes.length - written, this.#length + written);
      written += bytesWritten;
    }
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** Brings the bytes to the disk and then, in one step, under their final name. */
  async commit(destination: string): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.path, destination);
    await syncFolder(dirname(destination));
    await rm(notePath(this.path), { force: true });
  }

  /** Closes the part and leaves it for a later run; harmless after `commit`. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Closes the part and deletes it. */
  async remove(): Promise<void> {
    await this.close();
    await rm(notePath(this.path), { force: true });
    await rm(this.path, { force: true });
  }

  async #hashWhatIsThere(signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#file.read(buffer, 0, READ_BYTES, this.#length);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#length += bytesRead;
    }
    const total = this.#origin?.totalBytes;
    if (total !== undefined && this.#length > total) await this.restart(undefined);
  }
}

/** Throws a ModelError `disk_full` unless `neededBytes` fit on the disk of `folder`, with some to spare. */
export async function ensureRoom(folder: string, neededBytes: number): Promise<void> {
  const disk = await statfs(folder);
  const freeBytes = disk.bavail * disk.bsize;
  if (freeBytes >= neededBytes + SPARE_DISK_BYTES) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new ModelError(
    'disk_full',
    `The disk of ${folder} has ${megabytes(freeBytes)} free, ${megabytes(neededBytes + SPARE_DISK_BYTES)} are needed. ` +
      'PLUMB_MODELS_DIR names another folder for models.',
  );
}

/** Brings the names in a folder to the disk, where the system can do that for folders. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch (error) {
    if (UNSYNCABLE.has(systemCode(error) ?? '')) return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (!UNSYNCABLE.has(systemCode(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/** How systems say that folders cannot be opened or synced as files can. */
const UNSYNCABLE: ReadonlySet<string> = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']);

function notePath(partPath: string): string {
  return `${partPath}.json`;
}

async function readOrigin(partPath: string): Promise<PartOrigin | undefined> {
  let text: string;
  try {
    text = await readFile(notePath(partPath), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parseOrigin(text);
}

/** A note that was cut off by a crash, or that is not ours, is no note. */
function parseOrigin(text: string): PartOrigin | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('url' in value) || typeof value.url !== 'string')
    return undefined;
  return {
    url: value.url,
    sha256: 'sha256' in value && typeof value.sha256 === 'string' ? value.sha256 : undefined,
    validator: 'validator' in value && typeof value.validator === 'string' ? value.validator : undefined,
    totalBytes: 'totalBytes' in value && typeof value.totalBytes === 'number' ? value.totalBytes : undefined,
  };
}

function continues(origin: PartOrigin, whole: Pick<PartOrigin, 'url' | 'sha256'>): boolean {
  if (whole.sha256 !== undefined) return origin.sha256 === whole.sha256;
  return origin.url === whole.url && origin.validator !== undefined;
}
