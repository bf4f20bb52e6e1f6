/**
 * Where what requests used is written down before a transaction of the store makes entries of it, so that no answer has
 * to wait for one. The adapter for files lives in `store/journal/`.
 */
import type { SettleOperation } from './ledger-store.js';

export interface ChargeJournal {
  /**
   * Writes a settlement down: from then on it outlives this process. Undefined when that cannot be done; then the store
   * has to be waited for. Never throws.
   */
  write(settlement: SettleOperation): WrittenCharge | undefined;
  /** Has what was written outlive the machine as well, where the store does not take it for the moment. Never throws. */
  sync(): void;
  /** Nothing is written any more. What the store has not taken stays written down, for the next server. */
  close(): void;
}

/** A settlement that was written down. */
export interface WrittenCharge {
  /** The store has it, or never will: it need not be kept any longer. */
  forget(): void;
}
