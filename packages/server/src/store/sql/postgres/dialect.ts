/** Kysely on `pg`: its own dialect for PostgreSQL, over connections that explain what goes wrong. */
import {
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { StoreError } from '../../store-error.js';
import {
  endsConnection,
  explainConnectError,
  explainPostgresError,
  lostConnection,
  type ServerName,
} from './errors.js';
import { KEYS_CHANNEL } from './flavor.js';
import { CONNECT_TIMEOUT_MS } from './open-postgres.js';

/**
 * How much longer than a statement may take its answer is waited for, in ms. Beyond that the server, or the way to it, is
 * gone without having said so.
 */
export const ANSWER_GRACE_MS = 2000;

/** How long connections may take to close in good order, in ms. */
const CLOSE_TIMEOUT_MS = 2000;

/** What a dialect works with. */
export interface PostgresDialectOptions {
  /** Destroying the Kysely instance closes it. */
  readonly pool: Pool;
  readonly name: ServerName;
  /** How long a statement may take, in ms: what the pool was opened with. */
  readonly statementTimeoutMs: number;
  /**
   * Hears of changes of keys by their names; those of a transaction on one of these connections before its commit
   * returns. Without it the connections do not listen.
   */
  readonly onChange?: (change: string) => void;
}

/** The dialect of one pool. Everything that fails because of the database as a whole rejects with a StoreError. */
export function createPostgresDialect(options: PostgresDialectOptions): PostgresDialect {
  return new PostgresDialect({ pool: new ExplainingPool(options) });
}

class ExplainingPool implements PostgresPool {
  readonly options = {};
  readonly #options: PostgresDialectOptions;
  readonly #connections = new Map<PoolClient, Connection>();

  constructor(options: PostgresDialectOptions) {
    this.#options = options;
    options.pool.on('remove', (client) => this.#connections.delete(client));
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#checkOut();
    return this.#connections.get(client) ?? this.#prepare(client);
  }

  /** Connections that do not answer are cut after a while, because they would never be closed. */
  async end(): Promise<void> {
    const timer = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.cut();
    }, CLOSE_TIMEOUT_MS);
    await this.#options.pool.end();
    clearTimeout(timer);
  }

  async #prepare(client: PoolClient): Promise<Connection> {
    const connection = new Connection(client, this.#options);
    this.#connections.set(client, connection);
    if (this.#options.onChange !== undefined) await connection.listen(this.#options.onChange);
    return connection;
  }

  async #checkOut(): Promise<PoolClient> {
    const { pool, name } = this.#options;
    const mustWait = pool.totalCount >= pool.options.max && pool.idleCount === 0;
    try {
      return await pool.connect();
    } catch (error) {
      // Whoever waits in vain for a free connection gets an error that says nothing but that.
      const isBare = error instanceof Error && error.cause === undefined && !('code' in error);
      throw mustWait && isBare ? allBusy(pool.options.max, name) : explainConnectError(error, name);
    }
  }
}

function allBusy(connections: number, { address }: ServerName): StoreError {
  return new StoreError(
    'unavailable',
    `All ${connections} connections to PostgreSQL on ${address} were busy for ${CONNECT_TIMEOUT_MS / 1000} s: raise ` +
      'database.connections, or see what keeps it busy.',
  );
}

/** One connection of the pool, for as long as it lives. */
class Connection implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #name: ServerName;
  readonly #deadlineMs: number;
  /** Why it cannot be used any more. */
  #broken: StoreError | undefined;

  constructor(client: PoolClient, { name, statementTimeoutMs }: PostgresDialectOptions) {
    this.#client = client;
    this.#name = name;
    this.#deadlineMs = statementTimeoutMs + ANSWER_GRACE_MS;
    // Also while it is in use and no query is under way: without a listener it would end the process.
    client.on('error', (error) => this.#break(error));
  }

  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<PostgresQueryResult<Row>>;
  query<Row>(cursor: PostgresCursor<Row>): PostgresCursor<Row>;
  query(sql: string | object, parameters: readonly unknown[] = []): unknown {
    if (typeof sql !== 'string') throw new TypeError('Results are not streamed: the dialect was given no cursors.');
    return this.#run(sql, parameters);
  }

  /** Gives it back to the pool; one that cannot be used any more is closed. */
  release(destroy = false): void {
    this.#client.release(destroy || this.#broken !== undefined);
  }

  /**
   * PostgreSQL sends a session its own notices before it says that the commit is done, so that a change is known here
   * when the verb that made it returns. Rejects, and gives the connection back, when it cannot be used.
   */
  async listen(onChange: (change: string) => void): Promise<void> {
    this.#client.on('notification', ({ payload = '' }) => onChange(payload));
    try {
      await this.query(`listen ${KEYS_CHANNEL}`);
    } catch (error) {
      this.release(true);
      throw error;
    }
  }

  cut(): void {
    this.#client.connection.stream.destroy();
  }

  async #run(sql: string, parameters: readonly unknown[]): Promise<QueryResult> {
    if (this.#broken !== undefined) throw this.#broken;
    try {
      return await this.#withDeadline(this.#client.query(sql, [...parameters]));
    } catch (error) {
      if (endsConnection(error)) throw this.#break(error);
      throw this.#broken ?? explainPostgresError(error, this.#name);
    }
  }

  #break(error: unknown): StoreError {
    this.#broken ??= lostConnection(error, this.#name);
    return this.#broken;
  }

  async #withDeadline<Result>(answer: Promise<Result>): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const expire = () => reject(this.#break(new Error(`no answer within ${this.#deadlineMs / 1000} s`)));
      timer = setTimeout(expire, this.#deadlineMs);
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
