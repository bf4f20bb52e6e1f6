/** The audit trail in an SQL table: the adapter of `accounts/audit.ts`, and how other adapters write into it. */
import type { Kysely, Transaction } from 'kysely';
import type { AuditAction, AuditEntry, AuditTrail, Authorship, UnstoredChange } from '../../accounts/audit.js';
import type { Page } from '../../accounts/page.js';
import type { Tables } from './schema.js';

export class SqlAuditTrail implements AuditTrail {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  recordChange({ action, subject, details }: UnstoredChange, author: Authorship): Promise<void> {
    return writeAudit(this.#database, author, action, subject, details);
  }

  async listAudit({ after, limit }: Page<number>): Promise<AuditEntry[]> {
    const all = this.#database.selectFrom('audit_entries').selectAll();
    const older = after === undefined ? all : all.where('id', '<', after);
    const rows = await older.orderBy('id', 'desc').limit(limit).execute();
    return rows.map(({ action, details, ...row }) => ({
      ...row,
      action: action as AuditAction,
      details: JSON.parse(details) as AuditEntry['details'],
    }));
  }
}

/** Part of every transaction that changes something for an operator. */
export async function writeAudit(
  transaction: Transaction<Tables> | Kysely<Tables>,
  { actor, at }: Authorship,
  action: AuditAction,
  subject: string,
  details: AuditEntry['details'],
): Promise<void> {
  await transaction
    .insertInto('audit_entries')
    .values({ at, actor, action, subject, details: JSON.stringify(details) })
    .execute();
}
