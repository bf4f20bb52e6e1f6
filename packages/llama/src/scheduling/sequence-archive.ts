/**
 * Sequences on disk, so that a restart keeps warm prefixes. The files hold what callers wrote, so they are for this user
 * alone; and llama.cpp's reader of such files is not made for what an enemy wrote, so it gets to see only bytes that this
 * engine wrote itself, which a digest in the manifest tells. Whatever is not as it was left is thrown away: it is a cache.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ArchivedSequence, type Manifest, parseManifest } from './archive-manifest.js';
import type { Sequence, SequenceCache } from './sequence-cache.js';

/** What writes and reads the memory of sequences. */
export interface ArchivedMemory {
  /** Returns the bytes written. */
  saveSequence(sequence: number, tokens: Uint32Array, path: string): Promise<number>;
  loadSequence(sequence: number, tokensMax: number, path: string): Promise<Uint32Array>;
}

export interface SequenceArchiveOptions {
  readonly memory: ArchivedMemory;
  /** Absolute path; made when it is not there. */
  readonly folder: string;
  /** The most bytes of all files. */
  readonly bytesMax: number;
  /** What sequences of another model or engine differ in. */
  readonly key: string;
  /** The most tokens of a sequence. */
  readonly contextTokens: number;
  /** Receives a sentence about what was thrown away. */
  log(message: string): void;
}

const MANIFEST_NAME = 'manifest.json';
/** Beyond the context that callers see, as in `load-model.ts`, and then some: the most tokens that a file may have. */
const SPARE_TOKENS = 256;

export class SequenceArchive {
  readonly #options: SequenceArchiveOptions;

  constructor(options: SequenceArchiveOptions) {
    this.#options = options;
  }

  /** Reads back what was kept, the one used last ending up as that again. Never rejects. */
  async restore(cache: SequenceCache): Promise<void> {
    try {
      if (!(await this.#isOurs())) return;
      const manifest = parseManifest(await readFile(this.#path(MANIFEST_NAME), 'utf8'));
      if (manifest === undefined || manifest.key !== this.#options.key) return;
      for (const kept of manifest.sequences.toReversed()) {
        await cache.restore(kept.scope, (sequence) => this.#read(kept, sequence));
      }
    } catch (error) {
      if (!isMissing(error)) this.#options.log(`kept sequences could not be read: ${wordsOf(error)}`);
    }
  }

  /** Keeps sequences, the ones used last first, as many as there is room for; what was kept before is replaced. */
  async save(sequences: readonly Sequence[]): Promise<void> {
    const { folder, bytesMax, key } = this.#options;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const kept: ArchivedSequence[] = [];
    let left = bytesMax;
    let bytesPerToken = 0;
    for (const sequence of sequences) {
      if (bytesPerToken * sequence.tokens.length > left) continue;
      const written = await this.#write(sequence, `${kept.length}.state`, left);
      if (written === undefined) continue;
      kept.push(written);
      left -= written.bytes;
      bytesPerToken = written.bytes / sequence.tokens.length;
    }
    await this.#writeManifest({ version: 1, key, sequences: kept });
  }

  /** Undefined, and nothing left on the disk, when it takes more than `bytesMax` bytes. */
  async #write(sequence: Sequence, file: string, bytesMax: number): Promise<ArchivedSequence | undefined> {
    const path = this.#path(file);
    // Made before llama.cpp writes into it, so that it is nobody else's to read even for a moment.
    await writeFile(path, '', { mode: 0o600, flag: 'wx' });
    await this.#options.memory.saveSequence(sequence.id, Uint32Array.from(sequence.tokens), path);
    await chmod(path, 0o600);
    const { size: bytes } = await lstat(path);
    if (bytes > bytesMax) {
      await rm(path);
      return undefined;
    }
    return { file, bytes, sha256: await digestOf(path), scope: sequence.scope, tokens: sequence.tokens.length };
  }

  /** Appears all at once, or not at all. */
  async #writeManifest(manifest: Manifest): Promise<void> {
    const path = this.#path(MANIFEST_NAME);
    await writeFile(`${path}.new`, JSON.stringify(manifest), { mode: 0o600, flag: 'wx' });
    await rename(`${path}.new`, path);
  }

  /** The tokens of a kept sequence once it has been read, or undefined when its file is not what was written. */
  async #read({ file, bytes, sha256, tokens }: ArchivedSequence, sequence: number): Promise<number[] | undefined> {
    const { memory, contextTokens, log } = this.#options;
    const path = this.#path(file);
    try {
      const found = await lstat(path);
      if (!found.isFile() || found.size !== bytes || (await digestOf(path)) !== sha256) {
        log(`the kept sequence ${file} is damaged and was left out`);
        return undefined;
      }
      const read = await memory.loadSequence(sequence, contextTokens + SPARE_TOKENS, path);
      return read.length === tokens ? [...read] : undefined;
    } catch (error) {
      log(`the kept sequence ${file} was left out: ${wordsOf(error)}`);
      return undefined;
    }
  }

  /** Whether the folder can only have been written by this user: what others can write is not read. */
  async #isOurs(): Promise<boolean> {
    const { folder, log } = this.#options;
    const found = await lstat(folder);
    const uid = process.getuid?.();
    const isOurs = found.isDirectory() && (uid === undefined || (found.uid === uid && (found.mode & 0o077) === 0));
    if (!isOurs) log(`${folder} is not this user's alone: kept sequences were left out`);
    return isOurs;
  }

  #path(file: string): string {
    return join(this.#options.folder, file);
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
