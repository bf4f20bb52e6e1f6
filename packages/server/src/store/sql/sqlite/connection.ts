/** One connection to a SQLite database, as Kysely's dialect and the database thread use it. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { MaybePromise } from '../../../limits/maybe-promise.js';
import { toExactNumber } from '../exact-number.js';
import { explainSqliteError } from './errors.js';

/** What a statement has found or done. */
export interface StatementResult {
  readonly rows: readonly Record<string, SQLOutputValue>[];
  /** Undefined for statements that only read. */
  readonly changes?: { readonly rows: bigint; readonly lastId: bigint } | undefined;
}

/** Whatever fails is thrown as `explainSqliteError` has it. */
export interface SqliteConnection {
  /** Runs statements that have no result. */
  execute(sql: string): MaybePromise<void>;
  query(sql: string, parameters: readonly unknown[]): MaybePromise<StatementResult>;
  /** Ends a transaction without effect, if there still is one: some errors, a full disk among them, have done so. */
  rollback(): MaybePromise<void>;
  close(): MaybePromise<void>;
}

/** Told by the text, because Node tells the columns of a statement only from 22.16 on. */
const RETURNS_ROWS = /^\s*(?:select|with|values|pragma)\b|\breturning\b/i;
/** How many statements stay prepared; further ones push out the oldest. */
const PREPARED_MAX = 100;

/** A connection of this very thread. */
export class DirectConnection implements SqliteConnection {
  readonly database: DatabaseSync;
  readonly #path: string;
  readonly #prepared = new Map<string, StatementSync>();

  /** `path` is how errors call the database. */
  constructor(database: DatabaseSync, path: string) {
    this.database = database;
    this.#path = path;
  }

  execute(sql: string): void {
    try {
      this.database.exec(sql);
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  query(sql: string, parameters: readonly unknown[]): StatementResult {
    try {
      const statement = this.#prepare(sql);
      const values = parameters as SQLInputValue[];
      if (RETURNS_ROWS.test(sql)) return { rows: statement.all(...values).map(readRow) };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], changes: { rows: BigInt(changes), lastId: BigInt(lastInsertRowid) } };
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  rollback(): void {
    // Node tells from 22.16 on whether there is a transaction.
    if (this.database.isTransaction ?? true) this.execute('rollback');
  }

  close(): void {
    this.#prepared.clear();
    this.database.close();
  }

  /** Integers come as bigints, because those beyond 2^53 would otherwise be an error. */
  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    statement.setReadBigInts(true);
    if (this.#prepared.size >= PREPARED_MAX) this.#prepared.delete(this.#prepared.keys().next().value as string);
    this.#prepared.set(sql, statement);
    return statement;
  }
}

/** A row in which integers are numbers as long as these are exact. */
function readRow(row: Record<string, SQLOutputValue>): Record<string, SQLOutputValue> {
  for (const column in row) {
    const value = row[column];
    if (typeof value === 'bigint') row[column] = toExactNumber(value) as SQLOutputValue;
  }
  return row;
}
