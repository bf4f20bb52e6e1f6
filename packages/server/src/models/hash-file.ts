/** The SHA-256 of a file that is on the disk already. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DownloadedFile } from './download.js';
import { systemCode } from './model-error.js';
import type { TransferContext } from './transfer.js';

/** Bytes that are read at a time. */
const READ_BYTES = 1024 * 1024;

/** Reads a whole file for its size and hash, with progress. Rejects with the reason of the signal when it is aborted. */
export async function hashFile(
  path: string,
  context: Pick<TransferContext, 'signal' | 'onProgress'>,
): Promise<DownloadedFile> {
  const totalBytes = (await stat(path)).size;
  const name = basename(path);
  const hash = createHash('sha256');
  let doneBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) {
    context.signal.throwIfAborted();
    hash.update(chunk as Buffer);
    doneBytes += (chunk as Buffer).length;
    context.onProgress({ kind: 'transfer', phase: 'checking', name, doneBytes, totalBytes });
  }
  return { bytes: doneBytes, sha256: hash.digest('hex') };
}

/** Whether there is something of this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
