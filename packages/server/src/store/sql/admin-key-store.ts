/** The keys of operators in an SQL table: the adapter of `accounts/admin-key.ts`, the same for every SQL dialect. */
import type { Kysely, Selectable } from 'kysely';
import type { AdminKey, AdminKeyStore, NewAdminKey } from '../../accounts/admin-key.js';
import type { Authorship } from '../../accounts/audit.js';
import { writeAudit } from './audit-store.js';
import type { Tables } from './schema.js';

export class SqlAdminKeyStore implements AdminKeyStore {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  createAdminKey(newKey: NewAdminKey, author: Authorship): Promise<AdminKey> {
    const { id, name, hash, lastFour, createdAt } = newKey;
    const row = { id, name, hash, last_four: lastFour, created_at: createdAt, revoked_at: null, last_used_at: null };
    return this.#database.transaction().execute(async (transaction) => {
      await transaction.insertInto('admin_keys').values(row).execute();
      await writeAudit(transaction, author, 'admin_key.create', id, { name, last_four: lastFour });
      return toAdminKey(row);
    });
  }

  async findAdminKey(hash: string): Promise<AdminKey | undefined> {
    const row = await this.#database.selectFrom('admin_keys').selectAll().where('hash', '=', hash).executeTakeFirst();
    return row && toAdminKey(row);
  }

  async recordUse(lastUsedAt: ReadonlyMap<string, number>): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      for (const [id, at] of lastUsedAt) {
        await transaction
          .updateTable('admin_keys')
          .set({ last_used_at: at })
          .where('id', '=', id)
          .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]))
          .execute();
      }
    });
  }

  async listAdminKeys(): Promise<AdminKey[]> {
    const all = this.#database.selectFrom('admin_keys').selectAll();
    return (await all.orderBy('created_at').orderBy('id').execute()).map(toAdminKey);
  }

  revokeAdminKey(id: string, author: Authorship): Promise<AdminKey | undefined> {
    return this.#database.transaction().execute(async (transaction) => {
      const revoked = await transaction
        .updateTable('admin_keys')
        .set({ revoked_at: author.at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returning(['name', 'last_four'])
        .executeTakeFirst();
      if (revoked !== undefined) await writeAudit(transaction, author, 'admin_key.revoke', id, revoked);
      const row = await transaction.selectFrom('admin_keys').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toAdminKey(row);
    });
  }
}

function toAdminKey(row: Selectable<Tables['admin_keys']>): AdminKey {
  return {
    id: row.id,
    name: row.name,
    lastFour: row.last_four,
    createdAt: row.created_at,
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  };
}
