/** What accounts can spend, as one read. */
import type { Kysely } from 'kysely';
import type { Balance } from '../../ledger/ledger-store.js';
import type { MoneyColumn, Tables } from './schema.js';

/** The balance of an account; zero for one that nobody knows. */
export async function readBalance(database: Kysely<Tables>, accountId: string): Promise<Balance> {
  const row = await database
    .selectFrom('balances')
    .select(['granted', 'topped_up'])
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return toBalance(row ?? { granted: 0, topped_up: 0 });
}

/** Both parts of a balance, or of what an entry adds to it, from their columns. */
export function toBalance(row: { granted: MoneyColumn | null; topped_up: MoneyColumn | null }): Balance {
  return { granted: BigInt(row.granted ?? 0), toppedUp: BigInt(row.topped_up ?? 0) };
}
