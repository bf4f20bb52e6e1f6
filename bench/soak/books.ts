/** Looks at the books of a server that has ended: nothing may be left over, and everything must add up. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '#server/observe/clock.js';
import { openAccess } from '#server/store/open-access.js';
import { DATABASE_FILE_NAME } from '#server/store/open-store.js';

export interface Books {
  /** Accounts whose balance is not the sum of their entries, as `plumb ledger check` finds them. */
  readonly imbalances: number;
  /** Money that is still set aside. */
  readonly holds: number;
  /** Keys that a request has claimed which has no answer. */
  readonly claims: number;
  readonly entries: number;
  readonly usageRecords: number;
}

const IMBALANCES_MAX = 100;

export async function checkBooks(dataDir: string): Promise<Books> {
  const access = await openAccess({ dataDir, clock: systemClock, mustExist: true });
  const imbalances = await access.administration.funds.findImbalances(IMBALANCES_MAX);
  await access.close();
  const database = new DatabaseSync(join(dataDir, DATABASE_FILE_NAME), { readOnly: true });
  const count = (from: string) => Number(database.prepare(`select count(*) as number from ${from}`).get()?.number);
  const books = {
    imbalances: imbalances.length,
    holds: count('holds'),
    claims: count('idempotency_keys where content is null'),
    entries: count('ledger_entries'),
    usageRecords: count('usage_records'),
  };
  database.close();
  return books;
}
