/** Accounts and keys in SQL tables: the adapter of `accounts/key-store.ts`, the same for every SQL dialect. */
import { type ExpressionBuilder, type Kysely, type RawBuilder, type Selectable, sql, type Transaction } from 'kysely';
import type { ApiKey } from '../../accounts/api-key.js';
import { type Authorship, SERVER_ACTOR } from '../../accounts/audit.js';
import type {
  KeyAdministration,
  KeyChanges,
  KeyFilter,
  KeyHolder,
  KeyLookup,
  NewKey,
} from '../../accounts/key-store.js';
import { writeAudit } from './audit-store.js';
import { comesAfter } from './page.js';
import type { Tables } from './schema.js';

/** The order of lists. */
const ORDER = ['api_keys.created_at', 'api_keys.id'] as const;

export class SqlKeyStore implements KeyLookup, KeyAdministration {
  readonly #database: Kysely<Tables>;
  readonly #readRevision: () => number;

  /** `readRevision` tells the current revision of keys; how it notices other processes is the dialect's affair. */
  constructor(database: Kysely<Tables>, readRevision: () => number) {
    this.#database = database;
    this.#readRevision = readRevision;
  }

  revision(): number {
    return this.#readRevision();
  }

  async findKey(hash: string): Promise<KeyHolder | undefined> {
    const row = await selectHolders(this.#database).where('api_keys.hash', '=', hash).executeTakeFirst();
    return row && toHolder(row);
  }

  async recordUse(lastUsedAt: ReadonlyMap<string, number>): Promise<void> {
    // Two servers that lock the same rows in different orders would wait for each other.
    const inOrder = [...lastUsedAt].sort(([one], [other]) => (one < other ? -1 : 1));
    await this.#database.transaction().execute(async (transaction) => {
      for (const [id, at] of inOrder) {
        const isOlder = (where: ExpressionBuilder<Tables, 'api_keys'>) =>
          where.or([where('last_used_at', 'is', null), where('last_used_at', '<', at)]);
        await transaction
          .updateTable('api_keys')
          .set({ last_used_at: at })
          .where('id', '=', id)
          .where(isOlder)
          .execute();
      }
    });
  }

  createKey(newKey: NewKey, actor = SERVER_ACTOR): Promise<KeyHolder> {
    return this.#database.transaction().execute((transaction) => insertKey(transaction, newKey, actor));
  }

  createFirstKey(newKey: NewKey): Promise<KeyHolder | undefined> {
    return this.#database.transaction().execute(async (transaction) => {
      await lockChanges(transaction);
      const existing = await transaction.selectFrom('api_keys').select('id').limit(1).executeTakeFirst();
      return existing === undefined ? insertKey(transaction, newKey, SERVER_ACTOR) : undefined;
    });
  }

  async listKeys({ accountId, after, limit }: KeyFilter = {}): Promise<KeyHolder[]> {
    let query = selectHolders(this.#database).orderBy(ORDER[0]).orderBy(ORDER[1]);
    if (accountId !== undefined) query = query.where('api_keys.account_id', '=', accountId);
    if (after !== undefined) query = query.where(comesAfter(ORDER, [after.createdAt, after.id]));
    if (limit !== undefined) query = query.limit(limit);
    return (await query.execute()).map(toHolder);
  }

  getKey(id: string): Promise<KeyHolder | undefined> {
    return selectKey(this.#database, id);
  }

  changeKey(id: string, changes: KeyChanges, author: Authorship): Promise<KeyHolder | undefined> {
    return this.#database.transaction().execute(async (transaction) => {
      await announceChange(transaction);
      const row = await selectHolders(transaction).where('api_keys.id', '=', id).executeTakeFirst();
      if (row === undefined) return undefined;
      const columns = Object.entries(toChangedColumns(changes)).filter(
        ([column, value]) => value !== undefined && value !== row[column as keyof typeof row],
      );
      if (columns.length === 0) return toHolder(row);
      const after = Object.fromEntries(columns);
      await transaction.updateTable('api_keys').set(after).where('id', '=', id).execute();
      const before = Object.fromEntries(columns.map(([column]) => [column, row[column as keyof typeof row]]));
      const details = { before: toDetails(before), after: toDetails(after) };
      await writeAudit(transaction, author, 'key.update', id, details);
      return selectKey(transaction, id);
    });
  }

  revokeKey(id: string, at: number, actor = SERVER_ACTOR): Promise<KeyHolder | undefined> {
    return this.#database.transaction().execute(async (transaction) => {
      await announceChange(transaction);
      const revoked = await transaction
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .returning(['account_id', 'name', 'last_four'])
        .executeTakeFirst();
      if (revoked !== undefined) await writeAudit(transaction, { actor, at }, 'key.revoke', id, revoked);
      return selectKey(transaction, id);
    });
  }
}

async function insertKey(transaction: Transaction<Tables>, newKey: NewKey, actor: string): Promise<KeyHolder> {
  const { id, name, hash, lastFour, createdAt, expiresAt = null } = newKey;
  await announceChange(transaction);
  const accountId = await ensureAccount(transaction, newKey, actor);
  const times = { created_at: createdAt, expires_at: expiresAt, revoked_at: null, last_used_at: null };
  const permissions = toPermissionColumns(newKey);
  await transaction
    .insertInto('api_keys')
    .values({ id, account_id: accountId, name, hash, last_four: lastFour, ...times, ...permissions })
    .execute();
  const details = { account_id: accountId, name, last_four: lastFour, expires_at: expiresAt, ...permissions };
  await writeAudit(transaction, { actor, at: createdAt }, 'key.create', id, toDetails(details));
  return toHolder(await selectHolders(transaction).where('api_keys.id', '=', id).executeTakeFirstOrThrow());
}

/** The id of the account that a new key belongs to. */
async function ensureAccount(
  transaction: Transaction<Tables>,
  { account: { id, name }, createdAt }: NewKey,
  actor: string,
): Promise<string> {
  const found = await transaction
    .selectFrom('accounts')
    .select('id')
    .where((where) => where.or([where('id', '=', id), where('name', '=', name)]))
    .execute();
  const owner = found.find((account) => account.id === id) ?? found[0];
  if (owner !== undefined) return owner.id;
  await insertAccount(transaction, { id, name, created_at: createdAt, tier: null });
  await writeAudit(transaction, { actor, at: createdAt }, 'account.create', id, { name, tier: null });
  return id;
}

/** Stores an account, with nothing to spend, unless there is one of that name; returns whether there was none. */
export async function insertAccount(
  transaction: Transaction<Tables>,
  account: Selectable<Tables['accounts']>,
): Promise<boolean> {
  const inserted = await transaction
    .insertInto('accounts')
    .values(account)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted === undefined) return false;
  await transaction.insertInto('balances').values({ account_id: account.id, granted: 0, topped_up: 0 }).execute();
  return true;
}

/** What a key may do, as columns. */
export function toPermissionColumns({ limits, models }: Pick<NewKey, 'limits' | 'models'>) {
  return {
    requests_per_minute: limits?.requestsPerMinute ?? null,
    tokens_per_minute: limits?.tokensPerMinute ?? null,
    concurrent_requests: limits?.concurrentRequests ?? null,
    models: models === undefined ? null : JSON.stringify(models),
  };
}

/** The columns that changes set; undefined for those that stay as they are. */
function toChangedColumns({ name, expiresAt, limits, models }: KeyChanges) {
  return {
    name,
    expires_at: expiresAt,
    requests_per_minute: limits?.requestsPerMinute,
    tokens_per_minute: limits?.tokensPerMinute,
    concurrent_requests: limits?.concurrentRequests,
    models: models === undefined || models === null ? models : JSON.stringify(models),
  };
}

/** Columns as the audit trail shows them: as the admin API writes keys. */
function toDetails({ expires_at, models, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...rest,
    ...(expires_at === undefined ? {} : { expires_at: isoOrNull(expires_at as number | null) }),
    ...(models === undefined ? {} : { models: JSON.parse((models as string | null) ?? 'null') as unknown }),
  };
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/**
 * The first statement of every transaction that changes who may do what. All servers hear of it once the transaction is
 * committed. Until then it holds the row of the revision, so that such transactions run one after the other on
 * PostgreSQL as they do on SQLite; whoever locked other rows first could wait for one that waits for it.
 */
export async function announceChange(transaction: Transaction<Tables>): Promise<void> {
  await touchRevision(transaction, sql<number>`revision + 1`);
}

/** Holds up changes as `announceChange` does, for a transaction that may turn out to change nothing. */
async function lockChanges(transaction: Transaction<Tables>): Promise<void> {
  await touchRevision(transaction, sql<number>`revision`);
}

async function touchRevision(transaction: Transaction<Tables>, revision: RawBuilder<number>): Promise<void> {
  await transaction.updateTable('revisions').set({ revision }).where('name', '=', 'keys').executeTakeFirstOrThrow();
}

async function selectKey(database: Kysely<Tables>, id: string): Promise<KeyHolder | undefined> {
  const row = await selectHolders(database).where('api_keys.id', '=', id).executeTakeFirst();
  return row && toHolder(row);
}

export function selectHolders(database: Kysely<Tables>) {
  return database
    .selectFrom('api_keys')
    .innerJoin('accounts', 'accounts.id', 'api_keys.account_id')
    .selectAll('api_keys')
    .select([
      'accounts.name as account_name',
      'accounts.created_at as account_created_at',
      'accounts.tier as account_tier',
    ]);
}

type HolderRow = Selectable<Tables['api_keys']> & {
  account_name: string;
  account_created_at: number;
  account_tier: string | null;
};

export function toHolder(row: HolderRow): KeyHolder {
  const account = {
    id: row.account_id,
    name: row.account_name,
    createdAt: row.account_created_at,
    ...(row.account_tier === null ? {} : { tier: row.account_tier }),
  };
  const key = {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    lastFour: row.last_four,
    createdAt: row.created_at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...toPermissions(row),
  };
  return { account, key };
}

function toPermissions(row: HolderRow): Pick<ApiKey, 'limits' | 'models'> {
  const { requests_per_minute, tokens_per_minute, concurrent_requests, models } = row;
  const isLimited = requests_per_minute !== null || tokens_per_minute !== null || concurrent_requests !== null;
  const limits = {
    requestsPerMinute: requests_per_minute ?? undefined,
    tokensPerMinute: tokens_per_minute ?? undefined,
    concurrentRequests: concurrent_requests ?? undefined,
  };
  return {
    ...(isLimited ? { limits } : {}),
    ...(models === null ? {} : { models: JSON.parse(models) as string[] }),
  };
}
