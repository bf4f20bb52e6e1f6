/** The currency of a ledger: amounts are stored without it, so that it can only be one. */
import type { Transaction } from 'kysely';
import { StoreError } from '../store-error.js';
import type { Tables } from './schema.js';

/**
 * Makes sure that the amounts of the ledger are in this currency. A ledger without entries takes it on; one that was
 * begun in another currency rejects with a StoreError `currency`.
 */
export async function requireCurrency(transaction: Transaction<Tables>, currency: string): Promise<void> {
  const known = await readCurrency(transaction);
  if (known === currency) return;
  if (known !== undefined && (await hasEntries(transaction))) throw otherCurrency(known, currency);
  await transaction
    .insertInto('facts')
    .values({ name: 'currency', value: currency })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: currency }))
    .execute();
}

async function readCurrency(transaction: Transaction<Tables>): Promise<string | undefined> {
  const fact = await transaction.selectFrom('facts').select('value').where('name', '=', 'currency').executeTakeFirst();
  return fact?.value;
}

async function hasEntries(transaction: Transaction<Tables>): Promise<boolean> {
  return (await transaction.selectFrom('ledger_entries').select('id').limit(1).executeTakeFirst()) !== undefined;
}

function otherCurrency(known: string, configured: string): StoreError {
  return new StoreError(
    'currency',
    `The ledger is in ${known}, but \`billing.currency\` is ${configured}: set it to ${known}, or use another data ` +
      'folder or database. Amounts are not converted.',
  );
}
