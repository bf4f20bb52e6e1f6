/** Applies the transactions of the ledger on a connection of this thread. */
import type { Kysely } from 'kysely';
import type { LedgerOperation, OperationResult } from '../../../../ledger/ledger-store.js';
import { LedgerTransaction } from '../../ledger-transaction.js';
import type { Tables } from '../../schema.js';
import type { DirectConnection } from '../connection.js';
import { PreparedLedgerRows } from '../prepared-ledger-rows.js';

export class LedgerApplier {
  readonly #connection: DirectConnection;
  readonly #rows: PreparedLedgerRows;
  /** Loaded for what is more than rows: the library is most of the memory that this thread would take. */
  #queries: Promise<Kysely<Tables>> | undefined;

  /** The schema has to be up to date. */
  constructor(connection: DirectConnection) {
    this.#connection = connection;
    this.#rows = new PreparedLedgerRows(connection.database);
  }

  /** Makes one transaction of operations. Rejects with what the database throws; then nothing was done. */
  async apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    const openQueries = () => {
      this.#queries ??= openQueriesOn(this.#connection);
      return this.#queries;
    };
    const mustSync = !operations.every(isHold);
    if (!mustSync) this.#connection.execute('pragma synchronous = normal');
    this.#connection.execute('begin immediate');
    try {
      const results = await new LedgerTransaction(openQueries, this.#rows, serverId).apply(operations);
      this.#connection.execute('commit');
      return results;
    } catch (error) {
      this.#connection.rollback();
      throw error;
    } finally {
      if (!mustSync) this.#connection.execute('pragma synchronous = full');
    }
  }
}

/**
 * What is set aside need not survive the machine: it would be put back then. The disk is not waited for; whoever looks
 * into the database sees it at once, and it outlives this process (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
function isHold({ kind }: LedgerOperation): boolean {
  return kind === 'hold';
}

/** Queries on the connection as it is, inside whatever transaction is open. */
async function openQueriesOn(connection: DirectConnection): Promise<Kysely<Tables>> {
  const [{ Kysely }, { NodeSqliteDialect }] = await Promise.all([import('kysely'), import('../dialect.js')]);
  return new Kysely<Tables>({ dialect: new NodeSqliteDialect(connection) });
}
