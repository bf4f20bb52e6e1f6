/** The journal of a batch in files: the results themselves, with a manifest beside them. There is no other database. */
import { stat } from 'node:fs/promises';
import type { Journal, ResultFile, Verdict } from '../batch/journal.js';
import { KitError } from '../errors/kit-error.js';
import { type Clock, systemClock } from '../time/clock.js';
import { LineFile, type OpenAppended, openAppended, syncFolder } from './batch-file.js';
import { type BatchLock, lockBatch } from './batch-lock.js';
import { type BatchManifest, createManifest, readManifest, writeManifest } from './batch-manifest.js';
import { inspectFile, repairFile } from './batch-restore.js';

/** The files of a batch. */
export interface BatchPaths {
  /** Answers. */
  readonly results: string;
  /** Failures that are final for a run. */
  readonly errors: string;
  readonly manifest: string;
}

/** The files that go with an output such as `out.jsonl`: `out.errors.jsonl` and `out.manifest.json`. */
export function batchPaths(output: string): BatchPaths {
  const [, stem = output, ending = ''] = /^(.*[^/\\])(\.[^./\\]+)$/.exec(output) ?? [];
  return { results: output, errors: `${stem}.errors${ending || '.jsonl'}`, manifest: `${stem}.manifest.json` };
}

export interface FileJournalOptions {
  readonly clock?: Clock;
  /** Opens the result files. Default: the file system. */
  readonly open?: OpenAppended;
}

/**
 * Opens the files of a batch for one run; they are locked until it is closed.
 *
 * @throws KitError invalid_input when another run works on them, or when there is a file that is not of a batch.
 */
export async function openFileJournal(output: string, options: FileJournalOptions = {}): Promise<FileJournal> {
  const paths = batchPaths(output);
  const lock = await lockBatch(output);
  try {
    const found = await readManifest(paths.manifest);
    if (found === undefined) {
      await requireEmpty(paths.results, paths.manifest);
      await requireEmpty(paths.errors, paths.manifest);
    }
    const manifest = found ?? createManifest((options.clock ?? systemClock).now());
    // It is there before the first request is sent: after a crash the same keys are sent again.
    if (found === undefined) await writeManifest(paths.manifest, manifest);
    return new FileJournal(paths, manifest, lock, options.open ?? openAppended);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function requireEmpty(path: string, manifest: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return;
  throw new KitError(
    'invalid_input',
    `${path} exists and is not of a batch, because ${manifest} is missing. Choose another output, or move it away.`,
  );
}

/** Lines that wait for the next write. */
class Pending {
  readonly lines: string[] = [];
  readonly kept: Promise<void>;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.kept = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever appended is told; a group without anybody left to tell must not end the process.
    this.kept.catch(() => {});
  }
}

export class FileJournal implements Journal {
  readonly paths: BatchPaths;
  readonly #lock: BatchLock;
  readonly #open: OpenAppended;
  readonly #files = new Map<ResultFile, LineFile>();
  readonly #pending = new Map<ResultFile, Pending>();
  readonly #writing = new Map<ResultFile, Promise<void>>();
  #manifest: BatchManifest;
  #failure: Error | undefined;

  constructor(paths: BatchPaths, manifest: BatchManifest, lock: BatchLock, open: OpenAppended) {
    this.paths = paths;
    this.#manifest = manifest;
    this.#lock = lock;
    this.#open = open;
  }

  get runId(): string {
    return this.#manifest.run_id;
  }

  get manifest(): BatchManifest {
    return this.#manifest;
  }

  /** Writes more into the manifest. */
  async describe(more: Partial<Omit<BatchManifest, 'format' | 'run_id' | 'created_at'>>): Promise<void> {
    this.#manifest = { ...this.#manifest, ...more };
    await writeManifest(this.paths.manifest, this.#manifest);
  }

  async restore(visit: (file: ResultFile, line: string) => Verdict): Promise<void> {
    const results = await inspectFile(this.paths.results, (line) => visit('results', line));
    const errors = await inspectFile(this.paths.errors, (line) => visit('errors', line));
    for (const [file, repair] of [
      ['results', results],
      ['errors', errors],
    ] as const) {
      const length = await repairFile(repair);
      this.#files.set(file, new LineFile(await this.#open(this.paths[file]), length));
    }
    await syncFolder(this.paths.results);
  }

  /** All lines that come while a write is under way are written together after it. */
  append(file: ResultFile, line: string): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const pending = this.#pending.get(file) ?? new Pending();
    this.#pending.set(file, pending);
    pending.lines.push(line);
    if (!this.#writing.has(file)) this.#writing.set(file, this.#write(file));
    return pending.kept;
  }

  async close(): Promise<void> {
    await Promise.all(this.#writing.values());
    try {
      for (const file of this.#files.values()) await file.close();
    } finally {
      await this.#lock.release();
    }
  }

  async #write(file: ResultFile): Promise<void> {
    // What is appended in the same turn is part of the first write.
    await Promise.resolve();
    for (let pending = this.#pending.get(file); pending !== undefined; pending = this.#pending.get(file)) {
      this.#pending.delete(file);
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#fileFor(file).append(Buffer.from(pending.lines.join('')));
        pending.resolve();
      } catch (error) {
        this.#failure ??= explain(error, this.paths[file]);
        pending.reject(this.#failure);
      }
    }
    this.#writing.delete(file);
  }

  #fileFor(file: ResultFile): LineFile {
    const found = this.#files.get(file);
    if (found === undefined) throw new Error('The journal was not restored before it was appended to.');
    return found;
  }
}

function explain(error: unknown, path: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const what = code === 'ENOSPC' ? 'the disk is full' : message;
  return new Error(`The results could not be kept in ${path}: ${what}. What was kept before is whole.`, {
    cause: error,
  });
}
