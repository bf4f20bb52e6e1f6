/** The ledger of a database in a thread of its own: each transaction goes there as a whole. */
import type { DatabaseConnection, Kysely } from 'kysely';
import type { LedgerOperation, LedgerStore, OperationResult } from '../../../../ledger/ledger-store.js';
import type { JournalFolder } from '../../../journal/journal-folder.js';
import { SqlLedgerStore } from '../../ledger-store.js';
import type { Tables } from '../../schema.js';
import { sqliteFlavor } from '../flavor.js';
import type { ThreadConnection } from './thread-connection.js';

export class ThreadLedgerStore extends SqlLedgerStore implements LedgerStore {
  readonly #queries: Kysely<Tables>;
  readonly #connection: ThreadConnection;

  /** `queries` use the connection as well. */
  constructor(queries: Kysely<Tables>, connection: ThreadConnection, journals?: JournalFolder | undefined) {
    super(queries, sqliteFlavor, { journals });
    this.#queries = queries;
    this.#connection = connection;
  }

  override apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    // Kysely gives the connection to one user at a time: no other transaction is open meanwhile.
    const apply = (_free: DatabaseConnection) => this.#connection.apply(operations, serverId);
    return this.#queries.getExecutor().provideConnection(apply);
  }
}
