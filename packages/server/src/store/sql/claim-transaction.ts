/**
 * The part of a ledger transaction that is about idempotency keys: reads what is known of the keys that its operations
 * name, works the operations out one after the other in memory, and writes what has changed.
 *
 * Whoever changes keys of an account has locked its balance before, so that rows need no lock and no order of their own.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Claim } from '../../idempotency/kept-answer.js';
import type { LedgerOperation } from '../../ledger/ledger-store.js';
import type { Tables } from './schema.js';

type KeyRow = Selectable<Tables['idempotency_keys']>;
/** What has to be known of a row that is there. */
type KnownRow = Pick<KeyRow, 'account_id' | 'key' | 'claim_id' | 'expires_at'>;

export class ClaimTransaction {
  readonly #transaction: Kysely<Tables>;
  readonly #serverId: string;
  /** As they are in the database. */
  readonly #stored = new Map<string, KnownRow>();
  /** As they are after the operations so far; undefined for a key that is free. */
  readonly #changed = new Map<string, KeyRow | undefined>();

  private constructor(transaction: Kysely<Tables>, serverId: string) {
    this.#transaction = transaction;
    this.#serverId = serverId;
  }

  /** Reads what operations are about; most are about no key, and nothing is read for these. */
  static async open(
    transaction: Kysely<Tables>,
    operations: readonly LedgerOperation[],
    serverId: string,
  ): Promise<ClaimTransaction> {
    const opened = new ClaimTransaction(transaction, serverId);
    const claims = operations.map(claimOf).filter((claim) => claim !== undefined);
    if (claims.length > 0) await opened.#read(claims);
    return opened;
  }

  /** Applies an operation; false when its key is another's. Operations that are about no key are always applied. */
  apply(operation: LedgerOperation): boolean {
    const claim = claimOf(operation);
    if (claim === undefined) return true;
    const known = this.#knownOf(claim);
    const isOwn = known?.claim_id === claim.id;
    if (operation.kind === 'free') {
      if (isOwn) this.#changed.set(nameOf(claim.accountId, claim.key), undefined);
      return true;
    }
    const isFree = known === undefined || (known.expires_at !== null && known.expires_at <= operation.at);
    if (!isFree && !isOwn) return false;
    const answer = operation.kind === 'settle' ? operation.keep?.answer : undefined;
    this.#changed.set(nameOf(claim.accountId, claim.key), {
      account_id: claim.accountId,
      key: claim.key,
      claim_id: claim.id,
      fingerprint: claim.fingerprint,
      server_id: operation.serverId ?? this.#serverId,
      expires_at: answer?.expiresAt ?? null,
      model: answer?.model ?? null,
      content: answer?.content ?? null,
    });
    return true;
  }

  async write(): Promise<void> {
    const freed = [...this.#changed].filter(([, row]) => row === undefined).map(([name]) => this.#stored.get(name));
    const freedIds = freed.flatMap((row) => (row === undefined ? [] : [row.claim_id]));
    if (freedIds.length > 0) {
      await this.#transaction.deleteFrom('idempotency_keys').where('claim_id', 'in', freedIds).execute();
    }
    const rows = [...this.#changed.values()].filter((row) => row !== undefined);
    if (rows.length === 0) return;
    await this.#transaction
      .insertInto('idempotency_keys')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'key']).doUpdateSet((update) => ({
          claim_id: update.ref('excluded.claim_id'),
          fingerprint: update.ref('excluded.fingerprint'),
          server_id: update.ref('excluded.server_id'),
          expires_at: update.ref('excluded.expires_at'),
          model: update.ref('excluded.model'),
          content: update.ref('excluded.content'),
        })),
      )
      .execute();
  }

  async #read(claims: readonly Claim[]): Promise<void> {
    const rows = await this.#transaction
      .selectFrom('idempotency_keys')
      .select(['account_id', 'key', 'claim_id', 'expires_at'])
      .where('account_id', 'in', [...new Set(claims.map(({ accountId }) => accountId))])
      .where('key', 'in', [...new Set(claims.map(({ key }) => key))])
      .execute();
    for (const row of rows) this.#stored.set(nameOf(row.account_id, row.key), row);
  }

  #knownOf({ accountId, key }: Claim): KnownRow | undefined {
    const name = nameOf(accountId, key);
    return this.#changed.has(name) ? this.#changed.get(name) : this.#stored.get(name);
  }
}

/** The claim that an operation is about. */
export function claimOf(operation: LedgerOperation): Claim | undefined {
  if (operation.kind === 'settle') return operation.keep?.claim;
  return operation.kind === 'claim' || operation.kind === 'free' ? operation.claim : undefined;
}

function nameOf(accountId: string, key: string): string {
  return `${accountId} ${key}`;
}
