/** Answers that are kept for the next request of their `Idempotency-Key`. */
import { sql } from 'kysely';
import type { Migration } from '../migrate.js';

export const idempotencyKeys: Migration = {
  id: 3,
  name: 'idempotency-keys',
  async up(database, { bytesColumn }) {
    await database.schema
      .createTable('idempotency_keys')
      .addColumn('account_id', 'text', (column) => column.notNull().references('accounts.id'))
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('claim_id', 'text', (column) => column.notNull().unique())
      .addColumn('fingerprint', 'text', (column) => column.notNull())
      .addColumn('server_id', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('model', 'text')
      .addColumn('content', sql.raw(bytesColumn))
      .addPrimaryKeyConstraint('idempotency_keys_once', ['account_id', 'key'])
      .execute();
    // Those that run, by their null, and those that have expired.
    await database.schema
      .createIndex('idempotency_keys_by_expiry')
      .on('idempotency_keys')
      .column('expires_at')
      .execute();
  },
};
