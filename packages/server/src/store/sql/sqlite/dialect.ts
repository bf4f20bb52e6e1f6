/** Kysely on `node:sqlite`. */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { toExactNumber } from '../exact-number.js';
import { explainSqliteError } from './errors.js';

/** The dialect of one open database. Kysely serialises what uses its one connection. */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;
  readonly #path: string;

  /** `path` is how errors call the database. Destroying the Kysely instance closes it. */
  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(new NodeSqliteConnection(this.#database, this.#path), this.#database);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  // biome-ignore lint/suspicious/noExplicitAny: the parameter as Kysely's Dialect declares it.
  createIntrospector(database: Kysely<any>): SqliteIntrospector {
    return new SqliteIntrospector(database);
  }
}

class NodeSqliteDriver implements Driver {
  readonly #connection: NodeSqliteConnection;
  readonly #database: DatabaseSync;

  constructor(connection: NodeSqliteConnection, database: DatabaseSync) {
    this.#connection = connection;
    this.#database = database;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  /**
   * Transactions here always write. One that began as a reader would fail at its first write, without waiting, when
   * another process has written in between (https://www.sqlite.org/isolation.html).
   */
  async beginTransaction(): Promise<void> {
    this.#connection.execute('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    this.#connection.execute('commit');
  }

  async rollbackTransaction(): Promise<void> {
    // Some errors, a full disk among them, have rolled back already.
    if (this.#connection.isInTransaction) this.#connection.execute('rollback');
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    this.#database.close();
  }
}

/** Told by the text, because Node tells the columns of a statement only from 22.16 on. */
const RETURNS_ROWS = /^\s*(?:select|with|values|pragma)\b|\breturning\b/i;

class NodeSqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #path: string;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /** False only where it is known: Node tells from 22.16 on. */
  get isInTransaction(): boolean {
    return this.#database.isTransaction ?? true;
  }

  execute(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    try {
      const statement = this.#prepare(sql);
      const values = parameters as SQLInputValue[];
      if (RETURNS_ROWS.test(sql)) return { rows: statement.all(...values).map((row) => readRow<Row>(row)) };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    try {
      const rows = this.#prepare(sql).iterate(...(parameters as SQLInputValue[]));
      for (const row of rows) yield { rows: [readRow<Row>(row)] };
    } catch (error) {
      throw explainSqliteError(error, this.#path);
    }
  }

  /** Integers come as bigints, because those beyond 2^53 would otherwise be an error. */
  #prepare(sql: string): StatementSync {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    return statement;
  }
}

/** A row in which integers are numbers as long as these are exact. */
function readRow<Row>(row: Record<string, SQLOutputValue>): Row {
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'bigint') row[column] = toExactNumber(value);
  }
  return row as Row;
}
