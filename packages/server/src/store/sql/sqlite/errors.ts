/** SQLite's result codes in words for the operator (https://www.sqlite.org/rescode.html). */
import { StoreError } from '../../store-error.js';

const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** The primary result code of what node:sqlite threw, or undefined when it threw something else. */
export function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Whether the error says that another process holds a lock. */
export function isBusy(error: unknown): boolean {
  return resultCodeOf(error) === SQLITE_BUSY;
}

/** The error as a StoreError when it is about the database as a whole, else as it is. */
export function explainSqliteError(error: unknown, path: string): unknown {
  const reason = error instanceof Error ? error.message : '';
  switch (resultCodeOf(error)) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new StoreError(
        'damaged',
        `The database ${path} is damaged (${reason}). Put a backup in its place, or move it away together with its ` +
          '-wal and -shm files to start with an empty one; then all accounts and keys have to be made again.',
        error,
      );
    case SQLITE_FULL:
      return new StoreError('unavailable', `The disk of ${path} is full: make room on it.`, error);
    case SQLITE_BUSY:
      return new StoreError('unavailable', `Another process keeps ${path} locked; it may hang: try again.`, error);
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return new StoreError('unavailable', `The database ${path} cannot be read or written (${reason}).`, error);
    default:
      return error;
  }
}
