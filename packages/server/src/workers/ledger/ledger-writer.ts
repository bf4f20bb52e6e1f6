/**
 * Writes the ledger for all workers. What they send while one transaction runs waits for the next one together: a disk
 * that takes its time for one takes it for all of them at once.
 */
import type { LedgerOperation, LedgerStore, OperationResult } from '../../ledger/ledger-store.js';
import { type BatchMessage, decodeBatch } from './batch-messages.js';

/** The most operations of one transaction; a batch that is longer by itself is written alone. */
const OPERATIONS_MAX = 1024;

interface Batch {
  readonly serverId: string;
  readonly operations: readonly LedgerOperation[];
  readonly resolve: (results: readonly OperationResult[]) => void;
  readonly reject: (error: unknown) => void;
}

export class LedgerWriter {
  readonly #store: Pick<LedgerStore, 'apply'>;
  #waiting: Batch[] = [];
  #isWriting = false;
  #onIdle: (() => void)[] = [];

  constructor(store: Pick<LedgerStore, 'apply'>) {
    this.#store = store;
  }

  /** Resolves once all of it is durable. Rejects, with what was wrong with this batch, when none of it is. */
  apply(message: BatchMessage): Promise<readonly OperationResult[]> {
    const [serverId] = message;
    const operations = decodeBatch(message);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ serverId, operations, resolve, reject });
      if (this.#isWriting) return;
      this.#isWriting = true;
      // What other workers send in the same turn of the event loop goes into the same transaction.
      setImmediate(() => void this.#write());
    });
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batches = this.#waiting.splice(0, this.#batchesOfNext());
      if (batches.length === 1 || !(await this.#writeTogether(batches))) await this.#writeApart(batches);
    }
    this.#isWriting = false;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #batchesOfNext(): number {
    let operations = 0;
    for (const [index, batch] of this.#waiting.entries()) {
      operations += batch.operations.length;
      if (operations > OPERATIONS_MAX) return Math.max(1, index);
    }
    return this.#waiting.length;
  }

  /** Returns whether it succeeded. Nobody can tell which of the batches it was that failed. */
  async #writeTogether(batches: readonly Batch[]): Promise<boolean> {
    try {
      const operations = batches.flatMap((batch) => batch.operations);
      const results = await this.#store.apply(operations, batches[0]?.serverId ?? '');
      let from = 0;
      for (const batch of batches) {
        const to = from + batch.operations.length;
        batch.resolve(results.slice(from, to));
        from = to;
      }
      return true;
    } catch {
      return false;
    }
  }

  async #writeApart(batches: readonly Batch[]): Promise<void> {
    for (const { operations, serverId, resolve, reject } of batches) {
      await this.#store.apply(operations, serverId).then(resolve, reject);
    }
  }
}
