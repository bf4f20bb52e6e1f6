/**
 * What the ledger needs of a store. An account's balance is the sum of its entries, always: nothing changes a balance
 * but an entry, in one transaction with it. Adapters live in `store/sql/`.
 */
import type { Claim, KeptAnswer } from '../idempotency/kept-answer.js';
import type { Money } from './money.js';
import type { UsageRecord } from './usage.js';

/** What an account can spend, holds taken off. What was granted is spent before what was topped up. */
export interface Balance {
  /** Never below 0. */
  readonly granted: Money;
  /** Below 0 when more was charged than was there. */
  readonly toppedUp: Money;
}

/**
 * Why an entry was made. `grant` and `credit` add money, given and paid for; `hold` sets aside what requests can cost at
 * the most; `release` puts that back, in parts or all of it; `charge` takes what a request did cost; `refund` puts a charge
 * back whose answer was not delivered after all.
 */
export const ENTRY_KINDS = ['grant', 'credit', 'hold', 'release', 'charge', 'refund'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One entry; entries are never changed and never removed. */
export interface LedgerEntry extends Balance {
  /** In the order in which they were made. */
  readonly id: number;
  readonly accountId: string;
  readonly kind: EntryKind;
  /** The request that it is about, or what the operator called an addition; unique for each kind. */
  readonly reference: string;
  /** Epoch ms. */
  readonly at: number;
  readonly note?: string;
}

/** Of an operation that shares its transaction with those of other servers: whose it is. */
interface OfServer {
  readonly serverId?: string;
}

/** Sets money aside before requests run. */
export interface HoldOperation extends OfServer {
  readonly kind: 'hold';
  /** The id of the hold. */
  readonly requestId: string;
  readonly accountId: string;
  readonly amount: Money;
  /**
   * What is set aside instead of `amount`, for requests to come, where that leaves the account most of what it has: at
   * most one part of `WISH_SHARES` is set aside. The result is `filled` then.
   */
  readonly wish?: Money;
  /** Epoch ms. */
  readonly at: number;
  /** Whether it is made even if the balance falls below 0. */
  readonly mayOverdraw: boolean;
}

/** An account must have so many times what is wished for. */
export const WISH_SHARES = 8n;

/** What a settlement puts back of a hold. */
export interface ReleasedHold {
  readonly id: string;
  /** All that is left of it, which ends it, when it is absent. */
  readonly amount?: Money;
}

/** Ends a request: puts money back that was set aside, charges what it cost, records what it used. */
export interface SettleOperation extends OfServer {
  readonly kind: 'settle';
  readonly requestId: string;
  readonly accountId: string;
  /** Epoch ms. */
  readonly at: number;
  /** Absent when there is nothing to put back. */
  readonly hold?: ReleasedHold | undefined;
  /** Absent when nothing was used that anyone should know of. */
  readonly usage?: UsageRecord | undefined;
  /** All of it in one text, where that was made already (`pack-settlement.ts`). */
  readonly packed?: string | undefined;
  /** What is kept for the next request of its key. The settlement is `taken`, and charges nothing, where the claim is. */
  readonly keep?: { readonly claim: Claim; readonly answer: KeptAnswer } | undefined;
}

/**
 * Takes back the charge of a request whose answer was not delivered after all, because nobody could tell in time whether
 * the charge was made. Comes after the settlement, and changes nothing when that charged nothing.
 */
export interface VoidOperation extends OfServer {
  readonly kind: 'void';
  readonly requestId: string;
  readonly accountId: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Claims a key for a request: `taken` when another one has it, which runs or whose answer is kept. */
export interface ClaimOperation extends OfServer {
  readonly kind: 'claim';
  /** The id of the claim. */
  readonly requestId: string;
  readonly accountId: string;
  readonly claim: Claim;
  /** Epoch ms. */
  readonly at: number;
}

/** Frees a key, whether its request runs or its answer is kept, unless another claim has it. */
export interface FreeOperation extends Omit<ClaimOperation, 'kind'> {
  readonly kind: 'free';
}

export type LedgerOperation = HoldOperation | SettleOperation | VoidOperation | ClaimOperation | FreeOperation;

/**
 * What became of an operation. A settlement whose charge was made before is `done` again and charges nothing. `filled` is a
 * hold of all that was wished for.
 */
export type OperationResult = 'done' | 'filled' | 'insufficient_balance' | 'taken';

/** A server that holds money for its requests. */
export interface ServerIdentity {
  /** Another one at every start. */
  readonly id: string;
  readonly host: string;
  readonly processId: number;
}

/** Every verb is one transaction: done and durable, or not done. Rejects with a StoreError when the store fails. */
export interface LedgerStore {
  /** Applies operations in order, all or none. `serverId` is whose holds and claims they are that do not say it. */
  apply(operations: readonly LedgerOperation[], serverId: string): Promise<readonly OperationResult[]>;
  /** What an account can spend. Zero for an account that nobody knows. */
  balance(accountId: string): Promise<Balance>;
  /** Says that a server lives and will say so again before `leaseUntil` (epoch ms). */
  keepAlive(server: ServerIdentity, leaseUntil: number): Promise<void>;
  /**
   * Charges what servers have written down that are gone, releases their holds and frees their claims: those whose lease
   * has ended, or that `isGone` says are. Returns how many holds there were.
   */
  releaseOrphans(now: number, isGone: (server: ServerIdentity) => boolean): Promise<number>;
  /** Says that a server has ended in good order. */
  removeServer(serverId: string): Promise<void>;
}
