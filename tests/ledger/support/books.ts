/** The books of a test: accounts with money, and what the ledger says of them. */
import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import type { LedgerOperation, LedgerStore, ReleasedHold } from '#server/ledger/ledger-store.js';
import type { UsageRecord } from '#server/ledger/usage.js';
import type { Tables } from '#server/store/sql/schema.js';

/** An open database with the ledger in it. */
export interface Books {
  readonly database: Kysely<Tables>;
  readonly store: LedgerStore;
}

/** The key that all usage of a test is by. */
export const KEY_ID = 'key';

let additions = 0;

/** Adds an account with a key and with money. */
export async function addAccount({ database }: Books, id: string, granted = 0n, toppedUp = 0n): Promise<void> {
  await database.insertInto('accounts').values({ id, name: id, created_at: 1, tier: null }).execute();
  await database.insertInto('balances').values({ account_id: id, granted, topped_up: toppedUp }).execute();
  const parts = [
    { kind: 'grant', granted, topped_up: 0n },
    { kind: 'credit', granted: 0n, topped_up: toppedUp },
  ] as const;
  for (const part of parts) {
    const entry = { account_id: id, at: 1, reference: `addition ${additions++}`, note: null };
    await database
      .insertInto('ledger_entries')
      .values({ ...entry, ...part })
      .execute();
  }
  const limits = { requests_per_minute: null, tokens_per_minute: null, concurrent_requests: null, models: null };
  const times = { created_at: 1, expires_at: null, revoked_at: null, last_used_at: null };
  await database
    .insertInto('api_keys')
    .values({ id: KEY_ID, account_id: id, name: 'test', hash: id, last_four: 'test', ...times, ...limits })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** The entries of an account in their order: kind, granted, topped up. */
export async function entriesOf(
  { database }: Books,
  accountId: string,
): Promise<(readonly [string, bigint, bigint])[]> {
  const rows = await database
    .selectFrom('ledger_entries')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('kind', 'not in', ['grant', 'credit'])
    .orderBy('id')
    .execute();
  return rows.map(({ kind, granted, topped_up }) => [kind, BigInt(granted), BigInt(topped_up)] as const);
}

/** Fails unless every balance is the sum of its entries, and what is held is what was taken for it and not put back. */
export async function assertBalanced({ database }: Books): Promise<void> {
  const entries = await database.selectFrom('ledger_entries').selectAll().execute();
  for (const balance of await database.selectFrom('balances').selectAll().execute()) {
    const own = entries.filter(({ account_id }) => account_id === balance.account_id);
    const sum = (part: 'granted' | 'topped_up') => own.reduce((total, entry) => total + BigInt(entry[part]), 0n);
    assert.deepEqual([sum('granted'), sum('topped_up')], [BigInt(balance.granted), BigInt(balance.topped_up)]);
    assert.ok(BigInt(balance.granted) >= 0n, 'what was granted never falls below 0');
  }
  const holds = await database.selectFrom('holds').selectAll().execute();
  for (const part of ['granted', 'topped_up'] as const) {
    const held = holds.reduce((total, hold) => total + BigInt(hold[part]), 0n);
    const taken = entries.filter(({ kind }) => kind === 'hold' || kind === 'release');
    assert.equal(
      taken.reduce((total, entry) => total + BigInt(entry[part]), 0n),
      -held,
      'what is held was taken',
    );
  }
}

export function usage(
  requestId: string,
  accountId: string,
  cost: bigint,
  changes: Partial<UsageRecord> = {},
): UsageRecord {
  return {
    requestId,
    accountId,
    keyId: KEY_ID,
    model: 'deepseek-chat',
    at: 5,
    durationMs: 10,
    outcome: 'completed',
    stream: false,
    promptTokens: 3,
    cacheHitTokens: 1,
    completionTokens: 2,
    reasoningTokens: 0,
    cost,
    ...changes,
  };
}

export function hold(requestId: string, accountId: string, amount: bigint, mayOverdraw = false): LedgerOperation {
  return { kind: 'hold', requestId, accountId, amount, at: 2, mayOverdraw };
}

/** A settlement that charges a cost, or only puts the hold back; of its own name unless there is another one, or none. */
export function settle(
  requestId: string,
  accountId: string,
  cost?: bigint,
  hold: ReleasedHold | null = { id: requestId },
): LedgerOperation {
  const record = cost === undefined ? {} : { usage: usage(requestId, accountId, cost) };
  return { kind: 'settle', requestId, accountId, at: 3, hold: hold ?? undefined, ...record };
}
