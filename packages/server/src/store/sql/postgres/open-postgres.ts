/** What connections to a PostgreSQL are opened with, and the pool of them. */
import { Client, type ClientConfig, Pool } from 'pg';
import { StoreError } from '../../store-error.js';
import type { ServerName } from './errors.js';
import { exactNumbers } from './numbers.js';

/** How long a connection may take to open, and a query may wait for a free one, in ms. */
export const CONNECT_TIMEOUT_MS = 5000;

/** How long a statement may take, waiting for locks included, before the server ends it, in ms. */
export const STATEMENT_TIMEOUT_MS = 10_000;

/** How long a transaction may do nothing before the server ends it, in ms: ours wait for nothing but the database. */
export const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;

/** How long a connection stays open that nobody needs, in ms. */
const IDLE_TIMEOUT_MS = 60_000;

/** How long a connection is silent before the operating system asks whether the other side is still there, in ms. */
const KEEP_ALIVE_DELAY_MS = 10_000;

/** A PostgreSQL server and a database on it. */
export interface PostgresServer {
  readonly name: ServerName;
  /** What every connection is made with; holds the password. */
  readonly config: ClientConfig;
}

/** Reads the address of a database. Throws a StoreError, which does not repeat it, when it cannot be one. */
export function readServer(url: string): PostgresServer {
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'plumb',
    types: exactNumbers,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  };
  const { user = '', database = user, host, port } = parse(config);
  return { name: { user, database, address: `${host}:${port}` }, config };
}

/** A client that never connects knows what was meant. */
function parse(config: ClientConfig): Client {
  try {
    return new Client(config);
  } catch (error) {
    const reason = (error as Error).message;
    throw new StoreError('unavailable', `database.url is no address of a PostgreSQL database (${reason}).`);
  }
}

/** A pool of at most so many connections, whose statements may take so long, in ms. It opens none by itself. */
export function openPool({ config }: PostgresServer, connections: number, statementTimeoutMs: number): Pool {
  const pool = new Pool({
    ...config,
    max: connections,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
  });
  // An idle connection that breaks is replaced when one is needed; without a listener it would end the process. So would
  // one that breaks in the moment between the pool and whoever has just got it, when neither listens.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
