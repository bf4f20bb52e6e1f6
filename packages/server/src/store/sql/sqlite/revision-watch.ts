/** Notices that another process, or another connection of this one, has changed the keys. */
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { RevisionName } from '../schema.js';
import { explainSqliteError } from './errors.js';

/**
 * Reads a revision counter through a connection of its own that never writes. SQLite's `data_version` is another number
 * after every commit of any other connection (https://www.sqlite.org/pragma.html#pragma_data_version) and takes about
 * 2 µs to ask for, without touching a table; only when it has changed is the counter itself read. Commits that have
 * nothing to do with keys thus leave the revision as it is.
 *
 * Where changes are made in another thread or process, what one turn of the event loop brings had been sent before anyone
 * could hear of a change that was made in it: it is asked for once a turn then.
 */
export class RevisionWatch {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #dataVersion: StatementSync;
  readonly #readRevision: StatementSync;
  #seenDataVersion: SQLOutputValue | undefined;
  #revision = 0;
  readonly #oncePerTurn: boolean;
  /** Whether it was asked for in this turn of the event loop. */
  #isFresh = false;

  /** Takes over a connection that nothing else uses; `path` is how errors call the database. */
  constructor(database: DatabaseSync, path: string, name: RevisionName, oncePerTurn = false) {
    this.#database = database;
    this.#path = path;
    this.#oncePerTurn = oncePerTurn;
    this.#dataVersion = database.prepare('pragma data_version');
    this.#readRevision = database.prepare(`select revision from revisions where name = '${name}'`);
  }

  /** The revision as of now. Throws a StoreError when the database cannot be read. */
  current(): number {
    if (this.#isFresh) return this.#revision;
    if (this.#oncePerTurn) this.#keepForTurn();
    try {
      const dataVersion = this.#dataVersion.get()?.data_version;
      if (dataVersion !== this.#seenDataVersion) {
        this.#revision = Number(this.#readRevision.get()?.revision);
        this.#seenDataVersion = dataVersion;
      }
      return this.#revision;
    } catch (error) {
      this.#isFresh = false;
      throw explainSqliteError(error, this.#path);
    }
  }

  close(): void {
    this.#database.close();
  }

  #keepForTurn(): void {
    this.#isFresh = true;
    setImmediate(() => {
      this.#isFresh = false;
    });
  }
}
