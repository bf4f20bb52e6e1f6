/**
 * Where what requests used is written down before a transaction of the store makes entries of it, so that no answer has
 * to wait for one. The adapter for files lives in `store/journal/`.
 */
export interface ChargeJournal {
  /** Writes a packed settlement down, together with all others of this turn of the event loop. Never throws. */
  write(packed: string): WrittenCharge;
  /** Has what was written outlive the machine as well, where the store does not take it for the moment. Never throws. */
  sync(): void;
  /** Nothing is written any more. What the store has not taken stays written down, for the next server. */
  close(): void;
}

/** A settlement that is written down. */
export interface WrittenCharge {
  /**
   * Resolves with true as soon as it outlives this process; with false when it could not be written: then the store has to
   * be waited for. Never rejects.
   */
  readonly isWritten: Promise<boolean>;
  /** The store has it, or never will: it need not be kept any longer. */
  forget(): void;
}
