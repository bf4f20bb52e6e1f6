/** The manifest beside the results: what they are the results of. It also marks the files as those of a batch. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { KitError } from '../errors/kit-error.js';
import { replaceFile } from './batch-file.js';

export interface BatchManifest {
  /** The version of its form: 1. */
  readonly format: 1;
  /** Names the run in idempotency keys; stays the same as long as the results do. 16 hex digits. */
  readonly run_id: string;
  /** When the first and the last run began, ISO 8601. */
  readonly created_at: string;
  readonly updated_at: string;
  /** The program that wrote it, such as `plumb 0.1.0`. */
  readonly program?: string;
  readonly input?: { readonly path: string; readonly sha256: string; readonly lines: number };
  /** What was asked for on the command line. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The limits that the last run knew or learnt. */
  readonly limits?: Readonly<Record<string, number>>;
  /** What there is after the last run that ended in good order. */
  readonly totals?: Readonly<Record<string, unknown>>;
}

/** The manifest at a path; undefined when there is none. */
export async function readManifest(path: string): Promise<BatchManifest | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseManifest(text, path);
}

/** A manifest for results that begin now. */
export function createManifest(now: number): BatchManifest {
  const at = new Date(now).toISOString();
  return { format: 1, run_id: randomBytes(8).toString('hex'), created_at: at, updated_at: at };
}

/** Writes it so that after a crash it is the old one or the new one. */
export async function writeManifest(path: string, manifest: BatchManifest): Promise<void> {
  await replaceFile(path, (file) => file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`));
}

function parseManifest(text: string, path: string): BatchManifest {
  try {
    const value = JSON.parse(text) as Partial<BatchManifest> | null;
    if (value?.format === 1 && typeof value.run_id === 'string' && /^[0-9a-f]{16}$/.test(value.run_id)) {
      return value as BatchManifest;
    }
  } catch {
    // It is told below.
  }
  throw new KitError('invalid_input', `${path} is no manifest of a batch that this version can read.`);
}
