/** Kysely on a SQLite connection. */
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
import type { SqliteConnection, StatementResult } from './connection.js';

/** The dialect of one open connection. Kysely serialises what uses it. */
export class NodeSqliteDialect implements Dialect {
  readonly #connection: SqliteConnection;

  /** Destroying the Kysely instance closes the connection. */
  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.#connection);
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
  readonly #connection: SqliteConnection;
  readonly #queries: DatabaseConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
    this.#queries = new NodeSqliteQueries(connection);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#queries;
  }

  /**
   * Transactions here always write. One that began as a reader would fail at its first write, without waiting, when
   * another process has written in between (https://www.sqlite.org/isolation.html).
   */
  async beginTransaction(): Promise<void> {
    await this.#connection.execute('begin immediate');
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.execute('commit');
  }

  async rollbackTransaction(): Promise<void> {
    await this.#connection.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#connection.close();
  }
}

class NodeSqliteQueries implements DatabaseConnection {
  readonly #connection: SqliteConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = connection;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    return toQueryResult(await this.#connection.query(sql, parameters));
  }

  /** All rows at once: nothing here reads more than it can hold. */
  async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield toQueryResult(await this.#connection.query(sql, parameters));
  }
}

function toQueryResult<Row>({ rows, changes }: StatementResult): QueryResult<Row> {
  const found = rows as unknown as Row[];
  return changes === undefined
    ? { rows: found }
    : { rows: found, numAffectedRows: changes.rows, insertId: changes.lastId };
}
