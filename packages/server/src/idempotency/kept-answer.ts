/**
 * Answers that are kept for the next request of their key, and the claims of requests that have none yet. What changes
 * them goes through the ledger (`ledger/ledger-store.ts`), so that an answer is kept and charged in one transaction.
 */

/** The right of one request to answer for a key. There is at most one of a key at a time, over all servers. */
export interface Claim {
  /** Another one for every attempt: a claim that was lost is not taken for the one that came after it. */
  readonly id: string;
  readonly accountId: string;
  /** Unique for the account. */
  readonly key: string;
  /** What the request asks for (`idempotency-key.ts`). */
  readonly fingerprint: string;
}

/** A finished answer. */
export interface KeptAnswer {
  /** The canonical id of the model that gave it. */
  readonly model: string;
  /** What it consists of, packed (`pack.ts`). Undefined when that was more than is kept. */
  readonly content: Uint8Array | undefined;
  /** Until when it is kept; epoch ms. */
  readonly expiresAt: number;
}

/** What is known of a key. */
export interface KnownKey {
  readonly fingerprint: string;
  /** Undefined while its request runs. */
  readonly answer: KeptAnswer | undefined;
}

/** What is asked of the store about keys. Rejects with a StoreError when it fails. */
export interface KeptAnswerStore {
  /** Undefined for a key that is free. What has expired may be found until it is swept. */
  find(accountId: string, key: string): Promise<KnownKey | undefined>;
  /** Deletes at most `limit` answers that have expired by `now` (epoch ms); returns how many. */
  sweep(now: number, limit: number): Promise<number>;
}
