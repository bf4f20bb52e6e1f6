/**
 * Group commit: operations of the ledger wait here for the transaction that makes them durable. While one transaction
 * runs, all that arrives waits for the next one together, so that a busy server makes few of them and a calm one loses
 * no time.
 *
 * Settlements and refunds are tried again until the store takes them, in their order: nothing that was used is forgotten
 * while the process lives. A hold and a claim are tried once, because their request waits for them.
 */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { LedgerOperation, LedgerStore, OperationResult } from './ledger-store.js';

/** The most operations of one transaction. */
const BATCH_LENGTH_MAX = 256;
/** Answers to keep in one transaction, in bytes; one that is longer by itself is kept alone. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;
/**
 * From so many requests under way on, a transaction waits a moment, in ms, for what the others bring: what it costs is
 * shared then, and with so many of them nobody waits longer for it than for the processor.
 */
const SIBLINGS_MIN = 16;
const GATHER_MS = 1;
/** The pause after a transaction that failed, in ms; it doubles up to the longest. */
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2000;
/** How often an operation is tried by itself when the store takes others, before it is given up. */
const ATTEMPTS_ALONE_MAX = 3;

export interface CommitQueueOptions {
  readonly store: Pick<LedgerStore, 'apply'>;
  readonly serverId: string;
  /** The clock that the timers follow. */
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long whoever adds an operation waits for it, in ms. */
  readonly timeoutMs: number;
  /** How many requests are under way, each of which may bring something soon. Default: none. */
  readonly siblings?: () => number;
  /** Whether an error is about the store as a whole, so that trying again later helps. */
  isStoreFailure(error: unknown): boolean;
  /** Told of every transaction that failed. */
  onFailure(error: unknown, waiting: number): void;
  /** Told of an operation that the store will never take; the message of the error says why. */
  onGivenUp(operation: LedgerOperation, error: unknown): void;
  /** Told of every transaction that succeeded: how long it took, in ms, how many operations it had, and how many wait. */
  onCommitted?(durationMs: number, operations: number, waiting: number): void;
}

interface Waiting {
  readonly operation: LedgerOperation;
  /** Whoever waits for it, and until when; undefined when nobody does, or any more. */
  waiter: Waiter | undefined;
  attemptsAlone: number;
}

interface Waiter {
  readonly resolve: (result: OperationResult) => void;
  readonly reject: (error: unknown) => void;
  /** In the time of the clock. */
  readonly lateAt: number;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #waiting: Waiting[] = [];
  #isWriting = false;
  /** How many of the next operations are tried one by one, because together they failed. */
  #alone = 0;
  #retryMs = RETRY_MIN_MS;
  #isClosed = false;
  #onIdle: (() => void)[] = [];
  /** One timer for all that wait; it is set for the first of them, and found in vain when that is done. */
  #cancelLook: (() => void) | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** How many operations are not durable yet. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves once the operation is durable. Rejects when it never will be, or is not in time, though it may be made later;
   * a hold and a claim also when the store fails.
   */
  add(operation: LedgerOperation): Promise<OperationResult> {
    return new Promise((resolve, reject) => {
      const lateAt = this.#options.clock.now() + this.#options.timeoutMs;
      this.#push({ operation, waiter: { resolve, reject, lateAt }, attemptsAlone: 0 });
      this.#cancelLook ??= this.#options.timers.after(this.#options.timeoutMs, () => this.#look());
    });
  }

  /** Nobody waits for it. */
  addLater(operation: LedgerOperation): void {
    this.#push({ operation, waiter: undefined, attemptsAlone: 0 });
  }

  /** Resolves when nothing waits any more, at the latest after a time in ms. */
  async idle(timeoutMs: number): Promise<void> {
    if (!this.#isWriting) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    const cancel = this.#options.timers.after(timeoutMs, resolve);
    await promise;
    cancel();
  }

  /** Stops trying again; what still waits is lost. Returns how many operations that are. */
  close(): number {
    this.#isClosed = true;
    for (const { waiter } of this.#waiting) waiter?.reject(new Error('The ledger is closed.'));
    return this.#waiting.length;
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (this.#isWriting) return;
    this.#isWriting = true;
    // All that this turn of the event loop brings goes into the same transaction.
    if ((this.#options.siblings?.() ?? 0) < SIBLINGS_MIN) setImmediate(() => void this.#write());
    else this.#options.timers.after(GATHER_MS, () => void this.#write());
  }

  /** Tells those that have waited for too long; what they wait for stays where it is. */
  #look(): void {
    this.#cancelLook = undefined;
    const { clock, timers, timeoutMs } = this.#options;
    const now = clock.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) {
      const { waiter } = waiting;
      if (waiter === undefined) continue;
      if (waiter.lateAt > now) nextAt = Math.min(nextAt, waiter.lateAt);
      else {
        waiting.waiter = undefined;
        waiter.reject(new Error(`It took longer than ${timeoutMs} ms.`));
      }
    }
    if (nextAt < Number.POSITIVE_INFINITY) this.#cancelLook = timers.after(nextAt - now, () => this.#look());
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const batch = this.#waiting.slice(0, this.#alone > 0 ? 1 : this.#batchLength());
      const error = await this.#commit(batch);
      if (error !== undefined) await this.#pause();
      else if (this.#waiting.length > 0) await this.#gather();
    }
    this.#isWriting = false;
    this.#cancelLook?.();
    this.#cancelLook = undefined;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #batchLength(): number {
    let bytes = 0;
    for (const [index, { operation }] of this.#waiting.entries()) {
      if (index === BATCH_LENGTH_MAX) return index;
      bytes += operation.kind === 'settle' ? (operation.keep?.answer.content?.length ?? 0) : 0;
      if (bytes > BATCH_BYTES_MAX) return Math.max(1, index);
    }
    return this.#waiting.length;
  }

  /** Returns why it failed, when it is worth a pause. */
  async #commit(batch: readonly Waiting[]): Promise<unknown> {
    const { store, serverId, onCommitted } = this.#options;
    const startedAt = performance.now();
    try {
      const operations = batch.map(({ operation }) => operation);
      const results = await store.apply(operations, serverId);
      this.#waiting.splice(0, batch.length);
      this.#alone = Math.max(0, this.#alone - batch.length);
      this.#retryMs = RETRY_MIN_MS;
      for (const [index, { waiter }] of batch.entries()) waiter?.resolve(results[index]!);
      onCommitted?.(performance.now() - startedAt, batch.length, this.#waiting.length);
      return undefined;
    } catch (error) {
      return this.#fail(batch, error);
    }
  }

  #fail(batch: readonly Waiting[], error: unknown): unknown {
    const { isStoreFailure, onFailure } = this.#options;
    const isLasting = !isStoreFailure(error);
    this.#waiting.splice(0, batch.length, ...batch.flatMap((waiting) => this.#afterFailure(waiting, error)));
    onFailure(error, this.#waiting.length);
    if (!isLasting) return error;
    if (batch.length > 1) this.#alone = batch.length;
    else this.#giveUpFirst(batch[0]!, error);
    return batch.length > 1 ? undefined : error;
  }

  /** What takes the place of an operation whose transaction failed: nobody can tell whether it was made after all. */
  #afterFailure(waiting: Waiting, error: unknown): Waiting[] {
    const undo = undoOf(waiting.operation);
    if (undo === undefined) return [waiting];
    waiting.waiter?.reject(error);
    return [{ operation: undo, waiter: undefined, attemptsAlone: 0 }];
  }

  #giveUpFirst(waiting: Waiting, error: unknown): void {
    waiting.attemptsAlone += 1;
    if (waiting.attemptsAlone < ATTEMPTS_ALONE_MAX || this.#waiting[0] !== waiting) return;
    this.#waiting.shift();
    this.#alone = Math.max(0, this.#alone - 1);
    waiting.waiter?.reject(error);
    this.#options.onGivenUp(waiting.operation, error);
  }

  async #gather(): Promise<void> {
    const { siblings, timers } = this.#options;
    if ((siblings?.() ?? 0) < SIBLINGS_MIN || this.#waiting.length >= SIBLINGS_MIN) return;
    await new Promise<void>((resolve) => timers.after(GATHER_MS, resolve));
  }

  #pause(): Promise<void> {
    const pauseMs = this.#retryMs;
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    return new Promise((resolve) => this.#options.timers.after(pauseMs, resolve));
  }
}

/** What takes back an operation that is tried once; undefined for those that are tried until they are made. */
function undoOf(operation: LedgerOperation): LedgerOperation | undefined {
  if (operation.kind === 'claim') return { ...operation, kind: 'free' };
  if (operation.kind !== 'hold') return undefined;
  const { requestId, accountId, at } = operation;
  return { kind: 'settle', requestId, accountId, at, hold: { id: requestId } };
}
