/** The file that is recorded into: appended to line by line, readable for its owner alone. */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CassetteError } from '../format/cassette-error.js';
import { FILE_BYTES_DEFAULT } from '../format/limits.js';
import {
  CASSETTE_VERSION,
  type ExchangeLine,
  type Prompts,
  type SkippedLine,
  type StoppedLine,
  type VersionLine,
} from '../format/lines.js';
import { parseVersionLine } from '../format/parse-line.js';

const PRIVATE_MODE = 0o600;
/** The first line is far shorter. */
const FIRST_LINE_BYTES_MAX = 4096;
const NEWLINE = 0x0a;

export interface CassetteFileOptions {
  readonly path: string;
  readonly prompts: Prompts;
  /** Epoch ms. */
  readonly now: number;
  /** Where recording stops, in bytes; 256 MiB when it is left out. */
  readonly bytesMax?: number | undefined;
  /** Recording has stopped, and why. Once. */
  readonly onStopped?: ((reason: string) => void) | undefined;
}

export class CassetteFile {
  readonly version: VersionLine;
  readonly #path: string;
  readonly #bytesMax: number;
  readonly #onStopped: (reason: string) => void;
  #size: number;
  #handle: FileHandle | undefined;
  #queue: Promise<void> = Promise.resolve();
  #hasStopped = false;

  /**
   * Opens a cassette to go on with, or begins one. A line that was torn off by a crash is taken away.
   *
   * @throws CassetteError when the file cannot be used, is no cassette, or treats prompts in another way.
   */
  constructor({ path, prompts, now, bytesMax = FILE_BYTES_DEFAULT, onStopped = () => {} }: CassetteFileOptions) {
    const { version, size } = prepareFile(path, prompts, now);
    this.version = version;
    this.#path = path;
    this.#bytesMax = bytesMax;
    this.#onStopped = onStopped;
    this.#size = size;
  }

  /** Writes a line after all that were appended before it. Never rejects: a file that cannot be written ends recording. */
  append(line: Promise<ExchangeLine | SkippedLine>): void {
    this.#queue = this.#queue.then(async () => {
      try {
        await this.#write(await line);
      } catch (error) {
        this.#stop(`${this.#path} could not be written: ${(error as Error).message}`);
      }
    });
  }

  /** Resolves when everything is in the file, which is closed until there is more. */
  async settle(): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      const handle = this.#handle;
      this.#handle = undefined;
      await handle?.close().catch((error: Error) => this.#stop(`${this.#path} could not be closed: ${error.message}`));
    });
    await this.#queue;
  }

  async #write(line: ExchangeLine | SkippedLine): Promise<void> {
    if (this.#hasStopped) return;
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    if (this.#size + bytes.length <= this.#bytesMax) await this.#put(bytes);
    else {
      const reason = `${this.#path} would become larger than ${this.#bytesMax} bytes: record into another file`;
      await this.#put(Buffer.from(`${JSON.stringify({ stopped: reason } satisfies StoppedLine)}\n`));
      this.#stop(reason);
    }
  }

  /** One write, so that a crash tears at most the last line. */
  async #put(bytes: Buffer): Promise<void> {
    this.#handle ??= await open(this.#path, 'a', PRIVATE_MODE);
    await this.#handle.appendFile(bytes);
    this.#size += bytes.length;
  }

  #stop(reason: string): void {
    if (this.#hasStopped) return;
    this.#hasStopped = true;
    this.#onStopped(reason);
  }
}

function prepareFile(path: string, prompts: Prompts, now: number): { version: VersionLine; size: number } {
  const file = openFile(path);
  try {
    // An older file may have been open to others.
    fchmodSync(file, PRIVATE_MODE);
    const size = cutTornLine(file);
    if (size === 0) return beginFile(file, prompts, now);
    const version = readVersion(file, path);
    if (version.prompts !== prompts) {
      throw new CassetteError(
        `${path} was begun with prompts ${version.prompts}: record into another file, or in the same way.`,
      );
    }
    return { version, size };
  } finally {
    closeSync(file);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'a+', PRIVATE_MODE);
  } catch (error) {
    throw new CassetteError(`${path} cannot be recorded into: ${(error as Error).message}`, { cause: error });
  }
}

function beginFile(file: number, prompts: Prompts, now: number) {
  const version: VersionLine = {
    plumb_cassette: CASSETTE_VERSION,
    recorded_at: new Date(now).toISOString(),
    prompts,
    salt: randomBytes(16).toString('hex'),
  };
  return { version, size: writeSync(file, `${JSON.stringify(version)}\n`) };
}

function readVersion(file: number, path: string): VersionLine {
  const beginning = Buffer.alloc(FIRST_LINE_BYTES_MAX);
  const length = readSync(file, beginning, 0, FIRST_LINE_BYTES_MAX, 0);
  const end = beginning.subarray(0, length).indexOf(NEWLINE);
  return parseVersionLine(beginning.toString('utf8', 0, end === -1 ? length : end), path);
}

/** Cuts what follows the last line end; returns the size that is left. A file without any line end is left for its reader. */
function cutTornLine(file: number): number {
  const { size } = fstatSync(file);
  const block = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const length = readSync(file, block, 0, end - start, start);
    const place = block.subarray(0, length).lastIndexOf(NEWLINE);
    if (place !== -1) {
      const whole = start + place + 1;
      if (whole < size) ftruncateSync(file, whole);
      return whole;
    }
    end = start;
  }
  return size;
}
