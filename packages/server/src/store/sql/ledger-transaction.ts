/**
 * One transaction of the ledger: reads what its operations are about, works them out one after the other in memory, and
 * writes all of it in a handful of statements, however many operations there are.
 *
 * Rows are locked in one order everywhere, balances before holds and each by id, so that servers cannot lock each other
 * out.
 */
import type { Insertable, Selectable, Transaction } from 'kysely';
import type {
  HoldOperation,
  LedgerOperation,
  OperationResult,
  SettleOperation,
  VoidOperation,
} from '../../ledger/ledger-store.js';
import { ClaimTransaction, claimOf } from './claim-transaction.js';
import type { SqlFlavor } from './migrate.js';
import type { Tables } from './schema.js';
import { type Parts, SpendableBalance } from './spendable-balance.js';
import { toUsageRow } from './usage-row.js';

type HoldRow = Selectable<Tables['holds']>;
type NewEntry = Insertable<Tables['ledger_entries']>;

export class LedgerTransaction {
  readonly #transaction: Transaction<Tables>;
  readonly #flavor: SqlFlavor;
  readonly #serverId: string;
  readonly #balances = new Map<string, SpendableBalance>();
  readonly #holds = new Map<string, HoldRow>();
  readonly #newHolds = new Map<string, HoldRow>();
  readonly #endedHolds: string[] = [];
  readonly #entries: NewEntry[] = [];

  /** `serverId` is whose holds are made. */
  constructor(transaction: Transaction<Tables>, flavor: SqlFlavor, serverId: string) {
    this.#transaction = transaction;
    this.#flavor = flavor;
    this.#serverId = serverId;
  }

  async apply(asked: readonly LedgerOperation[]): Promise<OperationResult[]> {
    await this.#lockBalances(asked.filter(locksBalance).map(({ accountId }) => accountId));
    const claims = await ClaimTransaction.open(this.#transaction, asked, this.#serverId);
    const taken = new Set(asked.filter((operation) => !claims.apply(operation)));
    await claims.write();
    const operations = taken.size === 0 ? asked : asked.map((one) => (taken.has(one) ? undeliver(one) : one));
    const settlements = operations.filter((operation) => operation.kind === 'settle');
    const voids = operations.filter((operation) => operation.kind === 'void');
    await this.#readHolds(settlements.filter(({ isHeld }) => isHeld).map(({ requestId }) => requestId));
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

  /** Releases every hold of servers and frees every key that they claim; returns how many holds there were. */
  async releaseHoldsOf(serverIds: readonly string[], at: number): Promise<number> {
    const open = await this.#transaction
      .selectFrom('holds')
      .select('account_id')
      .where('server_id', 'in', serverIds)
      .union(claimsOf(this.#transaction, serverIds).select('account_id'))
      .execute();
    // PostgreSQL does not take an empty list.
    if (open.length === 0) return 0;
    await this.#lockBalances(open.map(({ account_id }) => account_id));
    await this.#transaction
      .deleteFrom('idempotency_keys')
      .where('claim_id', 'in', claimsOf(this.#transaction, serverIds).select('claim_id'))
      .where('expires_at', 'is', null)
      .execute();
    const holds = await this.#transaction
      .deleteFrom('holds')
      .where('server_id', 'in', serverIds)
      .where('account_id', 'in', [...this.#balances.keys()])
      .returningAll()
      .execute();
    for (const hold of holds) this.#release(hold, at);
    await this.#writeEntries();
    await this.#writeRest();
    return holds.length;
  }

  #hold({ requestId, accountId, amount, at, mayOverdraw }: HoldOperation): OperationResult {
    const balance = this.#balanceOf(accountId);
    if (!mayOverdraw && balance.total < amount) return 'insufficient_balance';
    const taken = balance.take(amount);
    this.#entries.push(entry(accountId, 'hold', negate(taken), at, requestId));
    const hold = { request_id: requestId, account_id: accountId, server_id: this.#serverId, ...taken, at };
    this.#newHolds.set(requestId, hold);
    return 'done';
  }

  /** `unpaid` are the requests that are recorded in this transaction and not charged yet: others were charged before. */
  #settle({ requestId, accountId, at, usage }: SettleOperation, unpaid: Set<string>): void {
    const hold = this.#newHolds.get(requestId) ?? this.#holds.get(requestId);
    if (hold !== undefined) this.#endHold(hold, at);
    if (usage === undefined || !unpaid.delete(requestId) || usage.cost === 0n) return;
    const taken = this.#balanceOf(accountId).take(usage.cost);
    this.#entries.push(entry(accountId, 'charge', negate(taken), at, requestId));
  }

  #endHold(hold: HoldRow, at: number): void {
    this.#release(hold, at);
    if (!this.#newHolds.delete(hold.request_id)) this.#endedHolds.push(hold.request_id);
    this.#holds.delete(hold.request_id);
  }

  #release({ account_id, request_id, granted, topped_up }: HoldRow, at: number): void {
    const parts = { granted: BigInt(granted), topped_up: BigInt(topped_up) };
    this.#balanceOf(account_id).add(parts);
    this.#entries.push(entry(account_id, 'release', parts, at, request_id));
  }

  /** Gives back what was charged for requests, once. */
  async #refund(voids: readonly VoidOperation[]): Promise<void> {
    const ids = voids.map(({ requestId }) => requestId);
    const found = await this.#transaction
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
    await this.#transaction.updateTable('usage_records').set(undelivered).where('request_id', 'in', ids).execute();
  }

  /** Reads the balances of accounts and keeps other servers from changing them before this transaction ends. */
  async #lockBalances(accountIds: readonly string[]): Promise<void> {
    if (accountIds.length === 0) return;
    const rows = await this.#transaction
      .selectFrom('balances')
      .selectAll()
      .where('account_id', 'in', [...new Set(accountIds)])
      .orderBy('account_id')
      .$if(this.#flavor.locksRows, (query) => query.forNoKeyUpdate())
      .execute();
    for (const row of rows) this.#balances.set(row.account_id, new SpendableBalance(row));
  }

  async #readHolds(requestIds: readonly string[]): Promise<void> {
    if (requestIds.length === 0) return;
    const rows = await this.#transaction
      .selectFrom('holds')
      .selectAll()
      .where('request_id', 'in', requestIds)
      .execute();
    for (const row of rows) this.#holds.set(row.request_id, row);
  }

  /** Returns the requests that had not been recorded before. */
  async #recordUsage(settlements: readonly SettleOperation[]): Promise<Set<string>> {
    const rows = settlements.flatMap(({ usage }) => (usage === undefined ? [] : [toUsageRow(usage)]));
    if (rows.length === 0) return new Set();
    const inserted = await this.#transaction
      .insertInto('usage_records')
      .values(rows)
      .onConflict((conflict) => conflict.column('request_id').doNothing())
      .returning('request_id')
      .execute();
    return new Set(inserted.map(({ request_id }) => request_id));
  }

  async #writeEntries(): Promise<void> {
    const entries = this.#entries.splice(0);
    if (entries.length > 0) await this.#transaction.insertInto('ledger_entries').values(entries).execute();
  }

  async #writeRest(): Promise<void> {
    if (this.#endedHolds.length > 0) {
      await this.#transaction.deleteFrom('holds').where('request_id', 'in', this.#endedHolds).execute();
    }
    const holds = [...this.#newHolds.values()];
    if (holds.length > 0) await this.#transaction.insertInto('holds').values(holds).execute();
    const changed = [...this.#balances.values()].filter((balance) => balance.isChanged).map((balance) => balance.row);
    if (changed.length === 0) return;
    await this.#transaction
      .insertInto('balances')
      .values(changed)
      .onConflict((conflict) =>
        conflict.column('account_id').doUpdateSet((update) => ({
          granted: update.ref('excluded.granted'),
          topped_up: update.ref('excluded.topped_up'),
        })),
      )
      .execute();
  }

  #balanceOf(accountId: string): SpendableBalance {
    const balance = this.#balances.get(accountId);
    if (balance === undefined) throw new Error(`There is no account ${accountId} in the ledger.`);
    return balance;
  }
}

/** The keys that servers have claimed and not answered for; also those of servers that nobody knows any more. */
function claimsOf(transaction: Transaction<Tables>, serverIds: readonly string[]) {
  return transaction
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

/** What moves money, and what changes keys: those of one account are changed by one transaction at a time. */
function locksBalance(operation: LedgerOperation): boolean {
  if (operation.kind !== 'settle' || claimOf(operation) !== undefined) return true;
  return operation.isHeld || (operation.usage?.cost ?? 0n) > 0n;
}

function entry(accountId: string, kind: NewEntry['kind'], parts: Parts, at: number, reference: string): NewEntry {
  return { account_id: accountId, kind, ...parts, at, reference, note: null };
}

function negate({ granted, topped_up }: Parts): Parts {
  return { granted: -granted, topped_up: -topped_up };
}
