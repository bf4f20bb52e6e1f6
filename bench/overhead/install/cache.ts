/** Where peers are installed, outside the repository's own dependencies: once for each list of exact versions. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryPath } from '../../support/repository.js';

/** Installing at most, in ms. */
export const INSTALL_TIMEOUT_MS = 600_000;

/**
 * The folder of what is described by `contents`; `make` fills it the first time.
 * Rejects when that fails, and leaves nothing behind.
 */
export async function cached(name: string, contents: string, make: (folder: string) => Promise<void>): Promise<string> {
  const digest = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const folder = join(repositoryPath('.cache/overhead'), `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  process.stderr.write(`Installing ${name} …\n`);
  try {
    await make(unfinished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await rename(unfinished, folder);
  return folder;
}

/** The sentence of a command that failed: the last line that it wrote. */
export function explainFailure(error: unknown): string {
  const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
  if (code === 'ENOENT') return `${message.split(' ')[1]} is not on this machine`;
  return stderr?.trim().split('\n').at(-1)?.trim() || message;
}
