/** Files that only their owner may read. */
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CliError, ExitCode } from '../exit-code.js';

/** Reading and writing for the owner, nothing for anybody else. */
export const PRIVATE_MODE = 0o600;
const PRIVATE_FOLDER_MODE = 0o700;
const OTHERS = 0o077;

/**
 * The text of a file; undefined when there is none. Rejects with a CliError when anybody but its owner may read or write
 * it.
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await openExisting(path);
  if (file === undefined) return undefined;
  try {
    refuseOthers(path, (await file.stat()).mode);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Writes a file as a whole, or leaves the old one as it was. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  await makePrivateFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Makes a folder that is not there yet for its owner alone; one that is there stays as it is. */
export async function makePrivateFolder(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  await mkdir(path, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  await chmod(path, PRIVATE_FOLDER_MODE);
}

async function openExisting(path: string) {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Windows has no such bits. */
function refuseOthers(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return;
  throw new CliError(`Others can read ${path}. Keep it for yourself: chmod 600 ${path}`, ExitCode.usage);
}
