/** What operators do with the ledger, in SQL tables: the adapter of `ledger/funds.ts`, the same for every SQL dialect. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { AdministrationError } from '../../accounts/administration-error.js';
import type { Authorship } from '../../accounts/audit.js';
import type { Page } from '../../accounts/page.js';
import type { Added, Addition, FundStore, Imbalance } from '../../ledger/funds.js';
import type { LedgerEntry } from '../../ledger/ledger-store.js';
import { formatAmount } from '../../ledger/money.js';
import { writeAudit } from './audit-store.js';
import { readBalance, toBalance } from './balance.js';
import { requireCurrency } from './currency.js';
import type { MoneyColumn, Tables } from './schema.js';

export class SqlFundStore implements FundStore {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  useCurrency(currency: string): Promise<void> {
    return this.#database.transaction().execute((transaction) => requireCurrency(transaction, currency));
  }

  addFunds(addition: Addition, author: Authorship): Promise<Added> {
    return this.#database.transaction().execute(async (transaction) => {
      await requireAccount(transaction, addition.accountId);
      await requireCurrency(transaction, addition.currency);
      const made = await insertEntry(transaction, addition, author.at);
      const entry = made ?? (await findFirst(transaction, addition));
      if (made !== undefined) await applyEntry(transaction, made, addition, author);
      return { entry, balance: await readBalance(transaction, addition.accountId), isNew: made !== undefined };
    });
  }

  async listEntries(accountId: string, { after, limit }: Page<number>): Promise<LedgerEntry[]> {
    const all = this.#database.selectFrom('ledger_entries').selectAll().where('account_id', '=', accountId);
    const older = after === undefined ? all : all.where('id', '<', after);
    return (await older.orderBy('id', 'desc').limit(limit).execute()).map(toEntry);
  }

  /** One statement, so that it sees balances and entries as of one moment while servers write. */
  async findImbalances(limit: number): Promise<Imbalance[]> {
    const rows = await this.#database
      .selectFrom('accounts')
      .leftJoin('balances', 'balances.account_id', 'accounts.id')
      .leftJoin(sumEntries(this.#database), (join) => join.onRef('sums.account_id', '=', 'accounts.id'))
      .select(['accounts.id', 'balances.granted', 'balances.topped_up', 'sums.sum_granted', 'sums.sum_topped_up'])
      .where(
        sql<boolean>`coalesce(balances.granted, 0) <> coalesce(sums.sum_granted, 0)
          or coalesce(balances.topped_up, 0) <> coalesce(sums.sum_topped_up, 0)`,
      )
      .orderBy('accounts.id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      accountId: row.id,
      balance: toBalance(row),
      sumOfEntries: toBalance({ granted: row.sum_granted, topped_up: row.sum_topped_up }),
    }));
  }
}

function sumEntries(database: Kysely<Tables>) {
  return database
    .selectFrom('ledger_entries')
    .select('account_id')
    .select([
      sql<MoneyColumn>`cast(sum(granted) as bigint)`.as('sum_granted'),
      sql<MoneyColumn>`cast(sum(topped_up) as bigint)`.as('sum_topped_up'),
    ])
    .groupBy('account_id')
    .as('sums');
}

async function requireAccount(transaction: Transaction<Tables>, id: string): Promise<void> {
  const found = await transaction.selectFrom('accounts').select('id').where('id', '=', id).executeTakeFirst();
  if (found === undefined) throw new AdministrationError('not_found', `There is no account ${id}.`);
}

/** The entry, unless there is one of this reference. */
async function insertEntry(
  transaction: Transaction<Tables>,
  { accountId, kind, amount, reference, note }: Addition,
  at: number,
): Promise<LedgerEntry | undefined> {
  const [granted, topped_up] = kind === 'grant' ? [amount, 0n] : [0n, amount];
  const row = await transaction
    .insertInto('ledger_entries')
    .values({ account_id: accountId, kind, granted, topped_up, at, reference, note: note ?? null })
    .onConflict((conflict) => conflict.columns(['account_id', 'kind', 'reference']).doNothing())
    .returningAll()
    .executeTakeFirst();
  return row && toEntry(row);
}

async function findFirst(
  transaction: Transaction<Tables>,
  { accountId, kind, reference, amount }: Addition,
): Promise<LedgerEntry> {
  const row = await transaction
    .selectFrom('ledger_entries')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('kind', '=', kind)
    .where('reference', '=', reference)
    .executeTakeFirstOrThrow();
  const first = toEntry(row);
  const added = first.granted + first.toppedUp;
  if (added === amount) return first;
  throw new AdministrationError(
    'conflict',
    `The reference "${reference}" was used for ${formatAmount(added)} already, now it is ${formatAmount(amount)}: ` +
      'use another reference for another amount.',
  );
}

async function applyEntry(
  transaction: Transaction<Tables>,
  entry: LedgerEntry,
  { accountId, kind, amount, currency, reference, note }: Addition,
  author: Authorship,
): Promise<void> {
  const { granted, toppedUp } = entry;
  await transaction
    .updateTable('balances')
    .set({
      granted: sql<bigint>`granted + ${granted}`,
      topped_up: sql<bigint>`topped_up + ${toppedUp}`,
    })
    .where('account_id', '=', accountId)
    .executeTakeFirstOrThrow();
  const details = { amount: formatAmount(amount), currency, reference, note: note ?? null, entry_id: entry.id };
  await writeAudit(transaction, author, `funds.${kind}`, accountId, details);
}

function toEntry(row: Selectable<Tables['ledger_entries']>): LedgerEntry {
  const { id, account_id, kind, reference, at, note } = row;
  return { id, accountId: account_id, kind, reference, at, ...toBalance(row), ...(note === null ? {} : { note }) };
}
