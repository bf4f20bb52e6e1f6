/** Where the processes of one user keep what they share about one key and model: found by a hash, readable by nobody else. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KitError } from '../errors/kit-error.js';

/** Whose limits are shared. */
export interface SharedKey {
  /** The base URL. */
  readonly endpoint: string;
  /** The secret; only its hash together with the others is ever written. */
  readonly key: string;
  readonly model: string;
}

/**
 * Makes the folder, below `XDG_RUNTIME_DIR` or the one for temporary files, if there is none.
 *
 * @throws KitError invalid_input when somebody else could write into it.
 */
export function openSharedFolder({ endpoint, key, model }: SharedKey, parent = defaultParent()): string {
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  requirePrivate(parent);
  const hash = createHash('sha256')
    .update(JSON.stringify([endpoint, key, model]))
    .digest('hex')
    .slice(0, 32);
  const folder = join(parent, hash);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function defaultParent(): string {
  const { XDG_RUNTIME_DIR } = process.env;
  return XDG_RUNTIME_DIR
    ? join(XDG_RUNTIME_DIR, 'plumb-limits')
    : join(tmpdir(), `plumb-limits-${process.getuid?.() ?? 0}`);
}

function requirePrivate(folder: string): void {
  const { uid, mode } = lstatSync(folder);
  const isOurs = process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0);
  if (isOurs && lstatSync(folder).isDirectory()) return;
  const message = `The folder ${folder} for shared limits can be used by others. Remove it, or set XDG_RUNTIME_DIR to one of your own.`;
  throw new KitError('invalid_input', message);
}
