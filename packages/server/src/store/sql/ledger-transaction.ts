/**
 * One transaction of the ledger: reads what its operations are about, works them out one after the other in memory, and
 * writes all of it.
 */
import type { Kysely } from 'kysely';
import {
  type HoldOperation,
  type LedgerOperation,
  type OperationResult,
  type SettleOperation,
  type VoidOperation,
  WISH_SHARES,
} from '../../ledger/ledger-store.js';
import type { MaybePromise } from '../../limits/maybe-promise.js';
import { ClaimTransaction, claimOf } from './claim-transaction.js';
import type { LedgerRows, NewEntry } from './ledger-rows.js';
import { OpenHold } from './open-hold.js';
import type { Tables } from './schema.js';
import { type Parts, SpendableBalance } from './spendable-balance.js';
import { toUsageRow } from './usage-row.js';

/** Queries in the transaction, for what is rare and more than rows. */
export type OpenQueries = () => MaybePromise<Kysely<Tables>>;

export class LedgerTransaction {
  readonly #openQueries: OpenQueries;
  readonly #rows: LedgerRows;
  readonly #serverId: string;
  readonly #balances = new Map<string, SpendableBalance>();
  readonly #holds = new Map<string, OpenHold>();
  readonly #endedHolds: string[] = [];
  readonly #entries: NewEntry[] = [];

  /** `serverId` is whose holds are made. */
  constructor(openQueries: OpenQueries, rows: LedgerRows, serverId: string) {
    this.#openQueries = openQueries;
    this.#rows = rows;
    this.#serverId = serverId;
  }

  async apply(asked: readonly LedgerOperation[]): Promise<OperationResult[]> {
    await this.#lockBalances(asked.filter(locksBalance).map(({ accountId }) => accountId));
    const taken = asked.some(isAboutKey) ? await this.#applyClaims(asked) : NONE;
    const operations = taken.size === 0 ? asked : asked.map((one) => (taken.has(one) ? undeliver(one) : one));
    const settlements = operations.filter((operation) => operation.kind === 'settle');
    const voids = operations.filter((operation) => operation.kind === 'void');
    await this.#readHolds(settlements.flatMap(({ hold }) => (hold === undefined ? [] : [hold.id])));
    const unpaid = await this.#recordUsage(settlements);
    const results = operations.map((operation, index): OperationResult => {
      if (operation.kind === 'hold') return this.#hold(operation);
      if (operation.kind === 'settle') this.#settle(operation, unpaid);
      return taken.has(asked[index]!) ? 'taken' : 'done';
    });
    await this.#writeEntries();
    if (voids.length > 0) await this.#refund(voids);
    await this.#writeRest();
    return results;
  }

  /** Returns the operations whose keys are others'. */
  async #applyClaims(asked: readonly LedgerOperation[]): Promise<ReadonlySet<LedgerOperation>> {
    const claims = await ClaimTransaction.open(await this.#openQueries(), asked, this.#serverId);
    const taken = new Set(asked.filter((operation) => !claims.apply(operation)));
    await claims.write();
    return taken;
  }

  /** Releases every hold of servers and frees every key that they claim; returns how many holds there were. */
  async releaseHoldsOf(serverIds: readonly string[], at: number): Promise<number> {
    const queries = await this.#openQueries();
    const open = await queries
      .selectFrom('holds')
      .select('account_id')
      .where('server_id', 'in', serverIds)
      .union(claimsOf(queries, serverIds).select('account_id'))
      .execute();
    // PostgreSQL does not take an empty list.
    if (open.length === 0) return 0;
    await this.#lockBalances(open.map(({ account_id }) => account_id));
    await queries
      .deleteFrom('idempotency_keys')
      .where('claim_id', 'in', claimsOf(queries, serverIds).select('claim_id'))
      .where('expires_at', 'is', null)
      .execute();
    const holds = await queries
      .deleteFrom('holds')
      .where('server_id', 'in', serverIds)
      .where('account_id', 'in', [...this.#balances.keys()])
      .returningAll()
      .execute();
    for (const hold of holds) this.#release(new OpenHold(hold), undefined, at, hold.request_id);
    await this.#writeEntries();
    await this.#writeRest();
    return holds.length;
  }

  #hold({
    requestId,
    accountId,
    amount,
    wish,
    at,
    mayOverdraw,
    serverId = this.#serverId,
  }: HoldOperation): OperationResult {
    const balance = this.#balanceOf(accountId);
    const isFilled = wish !== undefined && balance.total >= wish * WISH_SHARES;
    if (!isFilled && !mayOverdraw && balance.total < amount) return 'insufficient_balance';
    const taken = balance.take(isFilled ? wish : amount);
    this.#entries.push(entry(accountId, 'hold', negate(taken), at, requestId));
    const row = { request_id: requestId, account_id: accountId, server_id: serverId, ...taken, at };
    this.#holds.set(requestId, new OpenHold(row, true));
    return isFilled ? 'filled' : 'done';
  }

  /** `unpaid` are the requests that are recorded in this transaction and not charged yet: others were charged before. */
  #settle({ requestId, accountId, at, hold: released, usage }: SettleOperation, unpaid: Set<string>): void {
    const isNew = usage !== undefined && unpaid.delete(requestId);
    const hold = released === undefined ? undefined : this.#holds.get(released.id);
    // What goes with a charge that was made before was put back with it.
    if (hold !== undefined && (isNew || released?.amount === undefined)) {
      this.#release(hold, released?.amount, at, requestId);
    }
    if (!isNew || usage.cost === 0n) return;
    const taken = this.#balanceOf(accountId).take(usage.cost);
    this.#entries.push(entry(accountId, 'charge', negate(taken), at, requestId));
  }

  /** What is put back of one hold is one entry, which bears the name of the first request that it is put back for. */
  #release(hold: OpenHold, amount: bigint | undefined, at: number, reference: string): void {
    const { account_id: accountId, request_id: id } = hold.row;
    const parts = amount === undefined ? hold.end() : hold.release(amount);
    this.#balanceOf(accountId).add(parts);
    if (hold.entry === undefined) {
      hold.entry = entry(accountId, 'release', parts, at, amount === undefined ? id : reference);
      this.#entries.push(hold.entry);
    } else {
      hold.entry.granted = BigInt(hold.entry.granted) + parts.granted;
      hold.entry.topped_up = BigInt(hold.entry.topped_up) + parts.topped_up;
    }
    if (!hold.isEnded) return;
    this.#holds.delete(id);
    if (!hold.isNew) this.#endedHolds.push(id);
  }

  /** Gives back what was charged for requests, once. */
  async #refund(voids: readonly VoidOperation[]): Promise<void> {
    const ids = voids.map(({ requestId }) => requestId);
    const queries = await this.#openQueries();
    const found = await queries
      .selectFrom('ledger_entries')
      .selectAll()
      .where('kind', 'in', ['charge', 'refund'])
      .where('reference', 'in', ids)
      .where(
        'account_id',
        'in',
        voids.map(({ accountId }) => accountId),
      )
      .execute();
    const refunded = new Set(found.filter(({ kind }) => kind === 'refund').map(({ reference }) => reference));
    for (const { account_id, kind, granted, topped_up, reference } of found) {
      if (kind !== 'charge' || refunded.has(reference)) continue;
      const parts = { granted: -BigInt(granted), topped_up: -BigInt(topped_up) };
      this.#balanceOf(account_id).add(parts);
      this.#entries.push(entry(account_id, 'refund', parts, voids[0]!.at, reference));
    }
    await this.#writeEntries();
    const undelivered = { outcome: 'failed', cost: 0 } as const;
    await queries.updateTable('usage_records').set(undelivered).where('request_id', 'in', ids).execute();
  }

  async #lockBalances(accountIds: readonly string[]): Promise<void> {
    if (accountIds.length === 0) return;
    const rows = await this.#rows.lockBalances([...new Set(accountIds)]);
    for (const row of rows) this.#balances.set(row.account_id, new SpendableBalance(row));
  }

  async #readHolds(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const rows = await this.#rows.readHolds([...new Set(ids)]);
    for (const row of rows) this.#holds.set(row.request_id, new OpenHold(row));
  }

  /** Returns the requests that had not been recorded before. */
  async #recordUsage(settlements: readonly SettleOperation[]): Promise<Set<string>> {
    const rows = settlements.flatMap(({ usage }) => (usage === undefined ? [] : [toUsageRow(usage)]));
    return rows.length === 0 ? new Set() : this.#rows.recordUsage(rows);
  }

  async #writeEntries(): Promise<void> {
    const entries = this.#entries.splice(0);
    if (entries.length > 0) await this.#rows.addEntries(entries);
  }

  async #writeRest(): Promise<void> {
    if (this.#endedHolds.length > 0) await this.#rows.removeHolds(this.#endedHolds);
    const holds = [...this.#holds.values()].filter(({ isChanged }) => isChanged).map(({ row }) => row);
    if (holds.length > 0) await this.#rows.writeHolds(holds);
    const changed = [...this.#balances.values()].filter((balance) => balance.isChanged).map((balance) => balance.row);
    if (changed.length > 0) await this.#rows.writeBalances(changed);
  }

  #balanceOf(accountId: string): SpendableBalance {
    const balance = this.#balances.get(accountId);
    if (balance === undefined) throw new Error(`There is no account ${accountId} in the ledger.`);
    return balance;
  }
}

/** The keys that servers have claimed and not answered for; also those of servers that nobody knows any more. */
function claimsOf(queries: Kysely<Tables>, serverIds: readonly string[]) {
  return queries
    .selectFrom('idempotency_keys')
    .where('expires_at', 'is', null)
    .where(({ or, eb, selectFrom }) =>
      or([eb('server_id', 'in', serverIds), eb('server_id', 'not in', selectFrom('servers').select('id'))]),
    );
}

/** What is left of an operation whose key is another's: a settlement puts back what was held, and charges nothing. */
function undeliver(operation: LedgerOperation): LedgerOperation {
  if (operation.kind !== 'settle' || operation.usage === undefined) return operation;
  return { ...operation, usage: { ...operation.usage, outcome: 'failed', cost: 0n } };
}

const NONE: ReadonlySet<LedgerOperation> = new Set();

function isAboutKey(operation: LedgerOperation): boolean {
  return claimOf(operation) !== undefined;
}

/** What moves money, and what changes keys: those of one account are changed by one transaction at a time. */
function locksBalance(operation: LedgerOperation): boolean {
  if (operation.kind !== 'settle' || claimOf(operation) !== undefined) return true;
  return operation.hold !== undefined || (operation.usage?.cost ?? 0n) > 0n;
}

function entry(accountId: string, kind: NewEntry['kind'], parts: Parts, at: number, reference: string): NewEntry {
  return { account_id: accountId, kind, ...parts, at, reference, note: null };
}

function negate({ granted, topped_up }: Parts): Parts {
  return { granted: -granted, topped_up: -topped_up };
}
