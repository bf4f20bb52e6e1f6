/** The rows of the ledger in any SQL dialect: one statement for each list, however long it is. */
import type { Transaction } from 'kysely';
import type { BalanceRow, HoldRow, LedgerRows, NewEntry, UsageRow } from './ledger-rows.js';
import type { SqlFlavor } from './migrate.js';
import type { Tables } from './schema.js';

/**
 * Rows are locked in one order everywhere, balances before holds and each by id, so that servers cannot lock each other
 * out.
 */
export class KyselyLedgerRows implements LedgerRows {
  readonly #transaction: Transaction<Tables>;
  readonly #flavor: SqlFlavor;

  constructor(transaction: Transaction<Tables>, flavor: SqlFlavor) {
    this.#transaction = transaction;
    this.#flavor = flavor;
  }

  lockBalances(accountIds: readonly string[]): Promise<BalanceRow[]> {
    return this.#transaction
      .selectFrom('balances')
      .selectAll()
      .where('account_id', 'in', accountIds)
      .orderBy('account_id')
      .$if(this.#flavor.locksRows, (query) => query.forNoKeyUpdate())
      .execute();
  }

  readHolds(ids: readonly string[]): Promise<HoldRow[]> {
    return this.#transaction.selectFrom('holds').selectAll().where('request_id', 'in', ids).execute();
  }

  async recordUsage(rows: readonly UsageRow[]): Promise<Set<string>> {
    const inserted = await this.#transaction
      .insertInto('usage_records')
      .values(rows)
      .onConflict((conflict) => conflict.column('request_id').doNothing())
      .returning('request_id')
      .execute();
    return new Set(inserted.map(({ request_id }) => request_id));
  }

  async addEntries(entries: readonly NewEntry[]): Promise<void> {
    await this.#transaction.insertInto('ledger_entries').values(entries).execute();
  }

  async removeHolds(ids: readonly string[]): Promise<void> {
    await this.#transaction.deleteFrom('holds').where('request_id', 'in', ids).execute();
  }

  async writeHolds(rows: readonly HoldRow[]): Promise<void> {
    await this.#transaction
      .insertInto('holds')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('request_id').doUpdateSet((update) => ({
          granted: update.ref('excluded.granted'),
          topped_up: update.ref('excluded.topped_up'),
        })),
      )
      .execute();
  }

  async writeBalances(rows: readonly BalanceRow[]): Promise<void> {
    await this.#transaction
      .insertInto('balances')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('account_id').doUpdateSet((update) => ({
          granted: update.ref('excluded.granted'),
          topped_up: update.ref('excluded.topped_up'),
        })),
      )
      .execute();
  }
}
