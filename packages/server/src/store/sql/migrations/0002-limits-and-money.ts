/** Tiers and limits of accounts and keys, the ledger, usage, and who changed what. */
import { type Kysely, sql } from 'kysely';
import type { Migration, SqlFlavor } from '../migrate.js';

export const limitsAndMoney: Migration = {
  id: 2,
  name: 'limits-and-money',
  async up(database, flavor) {
    await extendAccounts(database);
    await createAdminKeys(database);
    await createBalances(database);
    await createLedger(database, flavor);
    await createHolds(database);
    await createUsage(database);
    await createAudit(database, flavor);
  },
};

async function extendAccounts(database: Kysely<unknown>): Promise<void> {
  await database.schema.alterTable('accounts').addColumn('tier', 'text').execute();
  for (const column of ['requests_per_minute', 'tokens_per_minute', 'concurrent_requests']) {
    await database.schema.alterTable('api_keys').addColumn(column, 'bigint').execute();
  }
  await database.schema.alterTable('api_keys').addColumn('models', 'text').execute();
}

async function createAdminKeys(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('admin_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('last_four', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute();
}

async function createBalances(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('balances')
    .addColumn('account_id', 'text', (column) => column.primaryKey().notNull().references('accounts.id'))
    .addColumn('granted', 'bigint', (column) => column.notNull())
    .addColumn('topped_up', 'bigint', (column) => column.notNull())
    .execute();
  await sql`insert into balances (account_id, granted, topped_up) select id, 0, 0 from accounts`.execute(database);
}

async function createLedger(database: Kysely<unknown>, { serialColumn }: SqlFlavor): Promise<void> {
  await database.schema
    .createTable('ledger_entries')
    .addColumn('id', sql.raw(serialColumn), (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('granted', 'bigint', (column) => column.notNull())
    .addColumn('topped_up', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('reference', 'text', (column) => column.notNull())
    .addColumn('note', 'text')
    .addUniqueConstraint('ledger_entries_once', ['account_id', 'kind', 'reference'])
    .execute();
}

async function createHolds(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('servers')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('process_id', 'bigint', (column) => column.notNull())
    .addColumn('lease_until', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('holds')
    .addColumn('request_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('server_id', 'text', (column) => column.notNull())
    .addColumn('granted', 'bigint', (column) => column.notNull())
    .addColumn('topped_up', 'bigint', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema.createIndex('holds_by_server').on('holds').column('server_id').execute();
}

async function createUsage(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('usage_records')
    .addColumn('request_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('key_id', 'text', (column) => column.notNull().references('api_keys.id'))
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('duration_ms', 'bigint', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('stream', 'integer', (column) => column.notNull())
    .addColumn('prompt_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cache_hit_tokens', 'bigint', (column) => column.notNull())
    .addColumn('completion_tokens', 'bigint', (column) => column.notNull())
    .addColumn('reasoning_tokens', 'bigint', (column) => column.notNull())
    .addColumn('cost', 'bigint', (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex('usage_records_by_time')
    .on('usage_records')
    .columns(['at', 'request_id'])
    .execute();
}

async function createAudit(database: Kysely<unknown>, { serialColumn }: SqlFlavor): Promise<void> {
  await database.schema
    .createTable('audit_entries')
    .addColumn('id', sql.raw(serialColumn), (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .execute();
}
