/**
 * The rows that every ledger transaction reads and writes. How that is said to the database is a matter of its own:
 * `kysely-ledger-rows.ts` for every SQL dialect, `sqlite/prepared-ledger-rows.ts` where each row costs least.
 */
import type { Insertable, Selectable } from 'kysely';
import type { MaybePromise } from '../../limits/maybe-promise.js';
import type { Tables } from './schema.js';

export type BalanceRow = Selectable<Tables['balances']>;
export type HoldRow = Selectable<Tables['holds']>;
export type UsageRow = Insertable<Tables['usage_records']>;
export type NewEntry = Insertable<Tables['ledger_entries']>;

/** Within one open transaction. No list is empty. */
export interface LedgerRows {
  /** The balances of accounts, which nobody else changes before this transaction ends. */
  lockBalances(accountIds: readonly string[]): MaybePromise<readonly BalanceRow[]>;
  readHolds(ids: readonly string[]): MaybePromise<readonly HoldRow[]>;
  /** Adds usage. Returns the requests of it that had not been recorded before. */
  recordUsage(rows: readonly UsageRow[]): MaybePromise<Set<string>>;
  addEntries(entries: readonly NewEntry[]): MaybePromise<void>;
  removeHolds(ids: readonly string[]): MaybePromise<void>;
  /** Makes holds, or gives those that there are other amounts. */
  writeHolds(rows: readonly HoldRow[]): MaybePromise<void>;
  writeBalances(rows: readonly BalanceRow[]): MaybePromise<void>;
}
