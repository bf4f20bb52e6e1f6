/** Brings a database up to the schema that this program knows. Forward only; what was applied is recorded. */
import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '../../observe/clock.js';
import { StoreError } from '../store-error.js';
import type { Tables } from './schema.js';

/** What cannot be said the same way to every database. */
export interface SqlFlavor {
  /** The type of a whole-number column that counts up by itself. */
  readonly serialColumn: string;
  /** The type of a column of bytes. */
  readonly bytesColumn: string;
  /** Whether rows have to be locked by name, because transactions run beside each other. */
  readonly locksRows: boolean;
  /** Keeps other processes from setting up the same database until the transaction ends. */
  lockSetup(transaction: Transaction<Tables>): Promise<void>;
  /** Makes the database tell other servers of every revision that changes; the table of revisions is there. */
  announceRevisions(database: Kysely<unknown>): Promise<void>;
}

/** One step of the schema. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly id: number;
  readonly name: string;
  /** Runs inside the transaction that records it. */
  up(database: Kysely<unknown>, flavor: SqlFlavor): Promise<void>;
}

/**
 * Applies the migrations that are missing, all in one transaction, so that of several processes that start at once one
 * does it and the others find it done. Rejects with a StoreError `incompatible` when the database has a migration that
 * is not in the list.
 */
export async function migrate(
  database: Kysely<Tables>,
  flavor: SqlFlavor,
  migrations: readonly Migration[],
  clock: Clock,
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await flavor.lockSetup(transaction);
    const applied = await readApplied(transaction);
    for (const [index, { id, name }] of applied.entries()) {
      const known = migrations[index];
      if (known?.id !== id || known.name !== name) throw incompatible(id, name, migrations.length);
    }
    for (const migration of migrations.slice(applied.length)) {
      await migration.up(transaction as unknown as Kysely<unknown>, flavor);
      const { id, name } = migration;
      await transaction.insertInto('migrations').values({ id, name, applied_at: clock.now() }).execute();
    }
  });
}

async function readApplied(transaction: Transaction<Tables>) {
  await transaction.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute();
  return transaction.selectFrom('migrations').select(['id', 'name']).orderBy('id').execute();
}

function incompatible(id: number, name: string, known: number): StoreError {
  return new StoreError(
    'incompatible',
    `The database has migration ${id} (${name}), which this program does not know: it knows the first ${known}. ` +
      'It was written by a newer version of Plumb; start that version, or use another data folder.',
  );
}
