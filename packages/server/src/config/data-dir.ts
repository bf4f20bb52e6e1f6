/** Where the data folder of this server is; every command has to find the same one. */
import { resolve } from 'node:path';

/** The data folder of who names none, in the current folder. */
export const DEFAULT_DATA_DIR = '.plumb';

/** Where a data folder can be named. */
export interface DataDirSources {
  /** The value of `--data-dir`. */
  readonly flag?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path; relative ones start there. */
  readonly currentDir: string;
}

/** The absolute path of the data folder: the flag, else `PLUMB_DATA_DIR`, else `.plumb`. It need not exist. */
export function resolveDataDir({ flag, environment, currentDir }: DataDirSources): string {
  return resolve(currentDir, flag || environment.PLUMB_DATA_DIR || DEFAULT_DATA_DIR);
}
