/** Accounts in SQL tables: the adapter of `accounts/account-store.ts`, the same for every SQL dialect. */
import type { Kysely, Transaction } from 'kysely';
import type { Account } from '../../accounts/account.js';
import type { AccountChanges, AccountStore, FundedAccount } from '../../accounts/account-store.js';
import { AdministrationError } from '../../accounts/administration-error.js';
import type { Authorship } from '../../accounts/audit.js';
import type { CreationCursor, Page } from '../../accounts/page.js';
import { writeAudit } from './audit-store.js';
import { toBalance } from './balance.js';
import { announceChange, insertAccount } from './key-store.js';
import { comesAfter } from './page.js';
import type { MoneyColumn, Tables } from './schema.js';

/** The order of lists. */
const ORDER = ['accounts.created_at', 'accounts.id'] as const;

export class SqlAccountStore implements AccountStore {
  readonly #database: Kysely<Tables>;

  constructor(database: Kysely<Tables>) {
    this.#database = database;
  }

  createAccount(account: Account, author: Authorship): Promise<FundedAccount> {
    const { id, name, createdAt, tier = null } = account;
    return this.#database.transaction().execute(async (transaction) => {
      // First, because whoever changes accounts or keys waits here for whoever else does: no check goes stale.
      await announceChange(transaction);
      if (!(await insertAccount(transaction, { id, name, created_at: createdAt, tier }))) throw nameTaken(name);
      await writeAudit(transaction, author, 'account.create', id, { name, tier });
      return requireAccount(transaction, id);
    });
  }

  async listAccounts({ after, limit }: Page<CreationCursor>): Promise<FundedAccount[]> {
    const all = selectAccounts(this.#database);
    const rest = after === undefined ? all : all.where(comesAfter(ORDER, [after.createdAt, after.id]));
    const rows = await rest.orderBy(ORDER[0]).orderBy(ORDER[1]).limit(limit).execute();
    return rows.map(toFundedAccount);
  }

  async findAccount(idOrName: string): Promise<FundedAccount | undefined> {
    const rows = await selectAccounts(this.#database)
      .where((where) => where.or([where('accounts.id', '=', idOrName), where('accounts.name', '=', idOrName)]))
      .execute();
    const row = rows.find(({ id }) => id === idOrName) ?? rows[0];
    return row && toFundedAccount(row);
  }

  changeAccount(id: string, changes: AccountChanges, author: Authorship): Promise<FundedAccount> {
    return this.#database.transaction().execute(async (transaction) => {
      await announceChange(transaction);
      const { account } = await requireAccount(transaction, id);
      const before = { name: account.name, tier: account.tier ?? null };
      const after = {
        name: changes.name ?? before.name,
        tier: changes.tier === undefined ? before.tier : changes.tier,
      };
      if (after.name !== before.name) await requireFreeName(transaction, after.name);
      await transaction.updateTable('accounts').set(after).where('id', '=', id).execute();
      if (after.name !== before.name || after.tier !== before.tier) {
        await writeAudit(transaction, author, 'account.update', id, { before, after });
      }
      return requireAccount(transaction, id);
    });
  }
}

async function requireAccount(transaction: Transaction<Tables>, id: string): Promise<FundedAccount> {
  const row = await selectAccounts(transaction).where('accounts.id', '=', id).executeTakeFirst();
  if (row === undefined) throw new AdministrationError('not_found', `There is no account ${id}.`);
  return toFundedAccount(row);
}

async function requireFreeName(transaction: Transaction<Tables>, name: string): Promise<void> {
  const taken = await transaction.selectFrom('accounts').select('id').where('name', '=', name).executeTakeFirst();
  if (taken !== undefined) throw nameTaken(name);
}

function nameTaken(name: string): AdministrationError {
  return new AdministrationError('conflict', `There is an account of the name "${name}" already: choose another one.`);
}

function selectAccounts(database: Kysely<Tables>) {
  return database
    .selectFrom('accounts')
    .leftJoin('balances', 'balances.account_id', 'accounts.id')
    .selectAll('accounts')
    .select(['balances.granted', 'balances.topped_up']);
}

interface FundedRow {
  readonly id: string;
  readonly name: string;
  readonly created_at: number;
  readonly tier: string | null;
  readonly granted: MoneyColumn | null;
  readonly topped_up: MoneyColumn | null;
}

function toFundedAccount(row: FundedRow): FundedAccount {
  const { id, name, created_at, tier } = row;
  const account = { id, name, createdAt: created_at, ...(tier === null ? {} : { tier }) };
  return { account, balance: toBalance(row) };
}
