/** What can go wrong with a store as a whole, in words for the operator. */

/**
 * `damaged`: the database is not one, or parts of it are lost. `incompatible`: it was written by another version of the
 * program. `secret`: the secret is not the one that the keys were hashed with. `unavailable`: it cannot be opened, read
 * or written at all. `missing`: there is none. `currency`: its ledger is in another currency than the configuration.
 */
export type StoreErrorCode = 'damaged' | 'incompatible' | 'secret' | 'unavailable' | 'missing' | 'currency';

/** The store cannot be used. The message says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** What needs the store has to wait (`http/explain-error.ts`). */
  readonly isUnavailable = true;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
