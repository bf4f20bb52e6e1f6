/** The tables as queries see them. Times are epoch ms; the migrations create what is described here. */

/** Who pays. */
export interface AccountsTable {
  readonly id: string;
  /** Unique. */
  readonly name: string;
  readonly created_at: number;
}

/** The keys of accounts; never in plain text. */
export interface ApiKeysTable {
  readonly id: string;
  readonly account_id: string;
  readonly name: string;
  /** Unique: keys are found by it. */
  readonly hash: string;
  readonly last_four: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

/** Counters that tell other processes that something has changed. */
export interface RevisionsTable {
  /** What the counter is about. */
  readonly name: RevisionName;
  readonly revision: number;
}
export type RevisionName = 'keys';

/** Single facts about the database as a whole. */
export interface FactsTable {
  readonly name: FactName;
  readonly value: string;
}
export type FactName = 'secret_check';

/** The migrations that have been applied. */
export interface MigrationsTable {
  readonly id: number;
  readonly name: string;
  readonly applied_at: number;
}

/** All tables. */
export interface Tables {
  accounts: AccountsTable;
  api_keys: ApiKeysTable;
  revisions: RevisionsTable;
  facts: FactsTable;
  migrations: MigrationsTable;
}
