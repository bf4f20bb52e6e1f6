/** Opens the database file of a data folder. */
import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreError } from '../../store-error.js';
import { explainSqliteError, isBusy } from './errors.js';

/** How long a statement waits for another process's lock. Transactions of ours take milliseconds. */
export const BUSY_TIMEOUT_MS = 5000;

/** How often, and after which pause, WAL mode is tried to enter: up to 5 s, as long as a statement waits. */
const WAL_ATTEMPTS_MAX = 250;
const WAL_RETRY_MS = 20;

/**
 * Opens the file for reading and writing; creates it, readable by its owner alone, when it does not exist. Commits are
 * on the disk when they return: WAL journal, synchronous=FULL. Rejects with a StoreError.
 */
export async function openSqlite(path: string): Promise<DatabaseSync> {
  await createFile(path);
  const database = connect(path);
  try {
    await enterWalMode(database);
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}; pragma synchronous = full`);
    return database;
  } catch (error) {
    database.close();
    throw explainSqliteError(error, path);
  }
}

/** Opens a second connection to a file that `openSqlite` has opened, for reading. Throws a StoreError. */
export function openSqliteReader(path: string): DatabaseSync {
  const database = connect(path);
  try {
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}; pragma query_only = on`);
    return database;
  } catch (error) {
    database.close();
    throw explainSqliteError(error, path);
  }
}

/** SQLite gives its -wal and -shm files the mode of the database, so that one mode is enough. */
async function createFile(path: string): Promise<void> {
  try {
    const file = await open(path, 'a', 0o600);
    await file.close();
  } catch (error) {
    throw new StoreError('unavailable', `The database ${path} cannot be opened: ${(error as Error).message}.`, error);
  }
}

function connect(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { enableForeignKeyConstraints: true });
  } catch (error) {
    throw explainSqliteError(error, path);
  }
}

/** SQLite does not wait for every lock that this needs: a file that another process is just making is busy at once. */
async function enterWalMode(database: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('pragma journal_mode = wal');
      return;
    } catch (error) {
      if (!isBusy(error) || attempt === WAL_ATTEMPTS_MAX) throw error;
      await wait(WAL_RETRY_MS);
    }
  }
}
