/** The tables as queries see them. Times are epoch ms; the migrations create what is described here. */
import type { Generated } from 'kysely';
import type { EntryKind } from '../../ledger/ledger-store.js';
import type { UsageRecord } from '../../ledger/usage.js';

/**
 * Nano-units of money. Databases hold them as 64-bit integers, and hand them over as numbers while these are exact and as
 * bigints beyond: `BigInt(value)` is right for both.
 */
export type MoneyColumn = number | bigint;

/** Who pays. */
export interface AccountsTable {
  readonly id: string;
  /** Unique. */
  readonly name: string;
  readonly created_at: number;
  /** The name of a tier of the configuration; null means its default one. */
  readonly tier: string | null;
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
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly concurrent_requests: number | null;
  /** A JSON array of model ids; null means all models. */
  readonly models: string | null;
}

/** The keys of operators, with which the admin API is used. */
export interface AdminKeysTable {
  readonly id: string;
  readonly name: string;
  /** Unique: keys are found by it. */
  readonly hash: string;
  readonly last_four: string;
  readonly created_at: number;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}

/** What every account can spend: the sums of its ledger entries. Every account has a row. */
export interface BalancesTable {
  readonly account_id: string;
  readonly granted: MoneyColumn;
  readonly topped_up: MoneyColumn;
}

/** The ledger; rows are only ever added. */
export interface LedgerEntriesTable {
  readonly id: Generated<number>;
  readonly account_id: string;
  readonly kind: EntryKind;
  /** What it adds to each part of the balance; below 0 for what it takes. */
  readonly granted: MoneyColumn;
  readonly topped_up: MoneyColumn;
  readonly at: number;
  /** Unique together with the account and the kind. */
  readonly reference: string;
  readonly note: string | null;
}

/** The holds that are open: each has an entry of its own in the ledger as well. */
export interface HoldsTable {
  readonly request_id: string;
  readonly account_id: string;
  readonly server_id: string;
  readonly granted: MoneyColumn;
  readonly topped_up: MoneyColumn;
  readonly at: number;
}

/** The servers that live, or did until they were killed. */
export interface ServersTable {
  readonly id: string;
  readonly host: string;
  readonly process_id: number;
  readonly lease_until: number;
}

/** What every request used. */
export interface UsageRecordsTable {
  readonly request_id: string;
  readonly account_id: string;
  readonly key_id: string;
  readonly model: string;
  readonly at: number;
  readonly duration_ms: number;
  readonly outcome: UsageRecord['outcome'];
  /** 1 or 0. */
  readonly stream: number;
  readonly prompt_tokens: number;
  readonly cache_hit_tokens: number;
  readonly completion_tokens: number;
  readonly reasoning_tokens: number;
  readonly cost: MoneyColumn;
}

/** What is known of idempotency keys: claimed while a request runs, with its answer afterwards. */
export interface IdempotencyKeysTable {
  /** Unique together with the key. */
  readonly account_id: string;
  readonly key: string;
  /** Unique. */
  readonly claim_id: string;
  readonly fingerprint: string;
  /** Which server claimed it. */
  readonly server_id: string;
  /** Until when the answer is kept; null while the request runs. */
  readonly expires_at: number | null;
  /** The model that answered; null while the request runs. */
  readonly model: string | null;
  /** The answer, packed; null while the request runs, and where it was longer than is kept. */
  readonly content: Uint8Array | null;
}

/** Who changed what; rows are only ever added. */
export interface AuditEntriesTable {
  readonly id: Generated<number>;
  readonly at: number;
  /** Who: an admin key by its id, or a user of the command line. */
  readonly actor: string;
  /** What was done, such as `key.create`. */
  readonly action: string;
  /** The id of what it was done to. */
  readonly subject: string;
  /** A JSON object; never holds a secret. */
  readonly details: string;
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
export type FactName = 'secret_check' | 'currency';

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
  admin_keys: AdminKeysTable;
  balances: BalancesTable;
  ledger_entries: LedgerEntriesTable;
  holds: HoldsTable;
  servers: ServersTable;
  usage_records: UsageRecordsTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_entries: AuditEntriesTable;
  revisions: RevisionsTable;
  facts: FactsTable;
  migrations: MigrationsTable;
}
