/** Notices that another process, or another connection of this one, has changed the keys. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { RevisionName } from '../schema.js';
import { explainSqliteError } from './errors.js';

/**
 * Reads a revision counter through a connection of its own that never writes. SQLite's `data_version` is another number
 * after every commit of any other connection (https://www.sqlite.org/pragma.html#pragma_data_version) and takes about
 * 2 µs to ask for, without touching a table; only when it has changed is the counter itself read. Commits that have
 * nothing to do with keys thus leave the revision as it is.
 */
export class RevisionWatch {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #dataVersion: StatementSync;
  readonly #readRevision: StatementSync;
  #seenDataVersion: SQLOutputValue | undefined;
  #revision = 0;

  /** Takes over a connection that nothing else uses; `path` is how errors call the database. */
  constructor(database: DatabaseSync, path: string, name: RevisionName) {
    this.#database = database;
    this.#path = path;
    this.#dataVersion = database.prepare('pragma data_version');
    this.#readRevision = database.prepare(`select revision from revisions where name = '${name}'`);
  }

  /** The revision as of now. Throws a StoreError when the database cannot be read. */
  current(): number {
    try {
      const dataVersion = this.#dataVersion.get()?.data_version;
      if (dataVersion !== this.#seenDataVersion) {
        this.#revision = Number(this.#readRevision.get()?.revision);
        this.#seenDataVersion = dataVersion;
      }
      return this.#revision;
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  close(): void {
    this.#database.close();
  }
}
