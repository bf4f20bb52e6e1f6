/** The ledger in SQL tables: the adapter of `ledger/ledger-store.ts`, the same for every SQL dialect. */
import type { Kysely, Transaction } from 'kysely';
import type {
  Balance,
  LedgerOperation,
  LedgerStore,
  OperationResult,
  ServerIdentity,
} from '../../ledger/ledger-store.js';
import type { JournalFolder } from '../journal/journal-folder.js';
import { readBalance } from './balance.js';
import { KyselyLedgerRows } from './kysely-ledger-rows.js';
import type { LedgerRows } from './ledger-rows.js';
import { LedgerTransaction } from './ledger-transaction.js';
import type { SqlFlavor } from './migrate.js';
import type { Tables } from './schema.js';

/** The rows of an open transaction. */
type OpenRows = (transaction: Transaction<Tables>) => LedgerRows;

export interface SqlLedgerOptions {
  /** How rows are read and written. Default: as every SQL dialect can. */
  readonly openRows?: OpenRows;
  /** What servers write down beside the database, where they do. */
  readonly journals?: JournalFolder | undefined;
}

export class SqlLedgerStore implements LedgerStore {
  readonly #database: Kysely<Tables>;
  readonly #openRows: OpenRows;
  readonly #journals: JournalFolder | undefined;

  constructor(database: Kysely<Tables>, flavor: SqlFlavor, { openRows, journals }: SqlLedgerOptions = {}) {
    this.#database = database;
    this.#openRows = openRows ?? ((transaction) => new KyselyLedgerRows(transaction, flavor));
    this.#journals = journals;
  }

  apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]> {
    return this.#database.transaction().execute((transaction) => this.#open(transaction, serverId).apply(operations));
  }

  #open(transaction: Transaction<Tables>, serverId: string): LedgerTransaction {
    return new LedgerTransaction(() => transaction, this.#openRows(transaction), serverId);
  }

  balance(accountId: string): Promise<Balance> {
    return readBalance(this.#database, accountId);
  }

  async keepAlive({ id, host, processId }: ServerIdentity, leaseUntil: number): Promise<void> {
    await this.#database
      .insertInto('servers')
      .values({ id, host, process_id: processId, lease_until: leaseUntil })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ lease_until: leaseUntil }))
      .execute();
  }

  async releaseOrphans(now: number, isGone: (server: ServerIdentity) => boolean): Promise<number> {
    const servers = await this.#database.selectFrom('servers').selectAll().execute();
    const gone = servers
      .filter(
        ({ id, host, process_id, lease_until }) => lease_until <= now || isGone({ id, host, processId: process_id }),
      )
      .map(({ id }) => id);
    const living = new Set(servers.map(({ id }) => id).filter((id) => !gone.includes(id)));
    // What was used comes before what is put back, so that nobody spends it in between.
    await this.#journals?.recover(this, (id) => !living.has(id));
    if (gone.length === 0) return 0;
    return this.#database.transaction().execute(async (transaction) => {
      const released = await this.#open(transaction, '').releaseHoldsOf(gone, now);
      await transaction.deleteFrom('servers').where('id', 'in', gone).execute();
      return released;
    });
  }

  async removeServer(serverId: string): Promise<void> {
    await this.#database
      .deleteFrom('servers')
      .where('id', '=', serverId)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('holds').select('request_id').where('server_id', '=', serverId))),
      )
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('idempotency_keys')
              .select('claim_id')
              .where('expires_at', 'is', null)
              .where('server_id', '=', serverId),
          ),
        ),
      )
      .execute();
  }
}
