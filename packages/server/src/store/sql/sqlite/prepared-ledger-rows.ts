/** The rows of the ledger in SQLite: one short statement a row, prepared once, which costs less than building long ones. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { toExactNumber } from '../exact-number.js';
import type { BalanceRow, HoldRow, LedgerRows, NewEntry, UsageRow } from '../ledger-rows.js';

export class PreparedLedgerRows implements LedgerRows {
  readonly #readBalance: StatementSync;
  readonly #readHold: StatementSync;
  readonly #addUsage: StatementSync;
  readonly #addEntry: StatementSync;
  readonly #removeHold: StatementSync;
  readonly #writeHold: StatementSync;
  readonly #writeBalance: StatementSync;

  /** The schema has to be up to date. */
  constructor(database: DatabaseSync) {
    const prepare = (sql: string) => {
      const statement = database.prepare(sql);
      // Integers beyond 2^53 would otherwise be an error.
      statement.setReadBigInts(true);
      return statement;
    };
    this.#readBalance = prepare('select account_id, granted, topped_up from balances where account_id = ?');
    this.#readHold = prepare(
      'select request_id, account_id, server_id, granted, topped_up, at from holds where request_id = ?',
    );
    this.#addUsage = prepare(
      'insert into usage_records (request_id, account_id, key_id, model, at, duration_ms, outcome, stream, prompt_tokens,' +
        ' cache_hit_tokens, completion_tokens, reasoning_tokens, cost) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)' +
        ' on conflict (request_id) do nothing',
    );
    this.#addEntry = prepare(
      'insert into ledger_entries (account_id, kind, granted, topped_up, at, reference, note) values (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#removeHold = prepare('delete from holds where request_id = ?');
    this.#writeHold = prepare(
      'insert into holds (request_id, account_id, server_id, granted, topped_up, at) values (?, ?, ?, ?, ?, ?)' +
        ' on conflict (request_id) do update set granted = excluded.granted, topped_up = excluded.topped_up',
    );
    this.#writeBalance = prepare('update balances set granted = ?, topped_up = ? where account_id = ?');
  }

  lockBalances(accountIds: readonly string[]): BalanceRow[] {
    return accountIds.flatMap((id) => readRow<BalanceRow>(this.#readBalance, id));
  }

  readHolds(ids: readonly string[]): HoldRow[] {
    return ids.flatMap((id) => readRow<HoldRow>(this.#readHold, id));
  }

  recordUsage(rows: readonly UsageRow[]): Set<string> {
    const added = new Set<string>();
    for (const row of rows) {
      const { changes } = this.#addUsage.run(
        ...[row.request_id, row.account_id, row.key_id, row.model, row.at, row.duration_ms, row.outcome, row.stream],
        ...[row.prompt_tokens, row.cache_hit_tokens, row.completion_tokens, row.reasoning_tokens, row.cost],
      );
      if (changes > 0) added.add(row.request_id);
    }
    return added;
  }

  addEntries(entries: readonly NewEntry[]): void {
    for (const { account_id, kind, granted, topped_up, at, reference, note } of entries) {
      this.#addEntry.run(account_id, kind, granted, topped_up, at, reference, note ?? null);
    }
  }

  removeHolds(ids: readonly string[]): void {
    for (const id of ids) this.#removeHold.run(id);
  }

  writeHolds(rows: readonly HoldRow[]): void {
    for (const { request_id, account_id, server_id, granted, topped_up, at } of rows) {
      this.#writeHold.run(request_id, account_id, server_id, granted, topped_up, at);
    }
  }

  writeBalances(rows: readonly BalanceRow[]): void {
    for (const { account_id, granted, topped_up } of rows) this.#writeBalance.run(granted, topped_up, account_id);
  }
}

/** The row of an id, with integers as numbers as long as these are exact. */
function readRow<Row>(statement: StatementSync, id: string): Row[] {
  const row = statement.get(id);
  if (row === undefined) return [];
  for (const column in row) {
    const value = row[column];
    if (typeof value === 'bigint') row[column] = toExactNumber(value);
  }
  return [row as Row];
}
