/** Folders, small GGUF files and contexts for the tests of fetching models. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ModelError, type ModelErrorCode } from '#server/models/model-error.js';
import type { ModelProgress, Pace, TransferContext } from '#server/models/transfer.js';

/** A folder that is deleted when it goes out of scope. */
export interface TestFolder extends AsyncDisposable {
  readonly path: string;
}

export async function createTestFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'plumb-models-'));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}

/** Bytes that begin as a GGUF file does and are different for each seed. */
export function ggufBytes(bytes: number, seed = 1): Buffer {
  const content = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i += 32) createHash('sha256').update(`${seed} ${i}`).digest().copy(content, i);
  content.write('GGUF', 0, 'latin1');
  content.writeUInt32LE(3, 4);
  return content;
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A clock that stands still until it is moved. */
export class ManualClock {
  #now: number;

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  advance(durationMs: number): void {
    this.#now += durationMs;
  }
}

/** Never waits, and keeps what it was asked to wait. */
export interface RecordedPace extends Pace {
  readonly waits: number[];
}

export function createPace(changes: Partial<Pace> = {}): RecordedPace {
  const waits: number[] = [];
  return {
    waits,
    wait: async (durationMs, signal) => {
      waits.push(durationMs);
      signal.throwIfAborted();
    },
    responseTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    progressBytes: 1,
    ...changes,
  };
}

/** A context that keeps all progress. */
export interface TestContext extends TransferContext {
  readonly seen: ModelProgress[];
}

export function createContext(changes: Partial<TransferContext> = {}): TestContext {
  const seen: ModelProgress[] = [];
  return {
    seen,
    signal: new AbortController().signal,
    onProgress: (progress) => seen.push(progress),
    environment: {},
    clock: new ManualClock(),
    pace: createPace(),
    allowPlainHttp: false,
    unreachableRetries: 0,
    ...changes,
  };
}

/** What was said, in order. */
export function noticesOf(seen: readonly ModelProgress[]): string[] {
  return seen.filter((progress) => progress.kind === 'notice').map(({ message }) => message);
}

/** Every file below a folder, relative to it. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, {
    recursive: true,
    withFileTypes: true,
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Checks that a failure is a ModelError of this code, with a message that fits. */
export function failsWith(code: ModelErrorCode, message = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ModelError, `no ModelError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}
