/** One append-only file of lines: what is written together is kept together, and what may be half there is cut off. */
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is needed of an open file; a `FileHandle` fits. Tests put failing disks in its place. */
export interface AppendedFile {
  write(bytes: Uint8Array): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file to append to it, and makes it when it is not there. */
export type OpenAppended = (path: string) => Promise<AppendedFile>;

export const openAppended: OpenAppended = (path) =>
  open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o666);

/** A file whose whole length is on disk whenever `append` has resolved. */
export class LineFile {
  readonly #file: AppendedFile;
  #length: number;

  /** @param length How long the file is. */
  constructor(file: AppendedFile, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /**
   * Writes and syncs.
   *
   * @throws the error of the system. The file is cut back then to what was kept before, as far as the system lets it.
   */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let written = 0; written < bytes.length; ) {
        written += (await this.#file.write(bytes.subarray(written))).bytesWritten;
      }
      await this.#file.datasync();
    } catch (error) {
      await this.#file.truncate(this.#length).catch(() => {});
      throw error;
    }
    this.#length += bytes.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Makes the names in a folder survive a loss of power. Systems that cannot do that are let be. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r').catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** Puts a whole file in the place of another: after a crash it is the one or the other. */
export async function replaceFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, 'w');
  try {
    await fill(file);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  await syncFolder(path);
}
