/** Accounts, their keys, and what processes need to notice each other's changes. */
import type { Kysely } from 'kysely';
import type { Migration } from '../migrate.js';

export const accountsAndKeys: Migration = {
  id: 1,
  name: 'accounts-and-keys',
  async up(database, flavor) {
    await createAccounts(database);
    await createApiKeys(database);
    await createRevisions(database);
    await flavor.announceRevisions(database);
    await createFacts(database);
  },
};

async function createAccounts(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('accounts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createApiKeys(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('api_keys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('last_four', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute();
  await database.schema.createIndex('api_keys_by_account').on('api_keys').column('account_id').execute();
}

async function createRevisions(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('revisions')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .execute();
  const keys = { name: 'keys', revision: 0 };
  await (database as Kysely<{ revisions: typeof keys }>).insertInto('revisions').values(keys).execute();
}

async function createFacts(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('facts')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
}
