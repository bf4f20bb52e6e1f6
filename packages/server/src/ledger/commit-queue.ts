/**
 * Group commit: operations of the ledger wait here for the transaction that puts them into the store. While one transaction
 * runs, all that arrives waits for the next one together, so that a busy server makes few of them and a calm one loses
 * no time. What is written down elsewhere already has time, and shares its transaction with many.
 *
 * Settlements and refunds are tried again until the store takes them, in their order: nothing that was used is forgotten
 * while the process lives. A hold and a claim are tried once, because their request waits for them.
 */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { WrittenCharge } from './charge-journal.js';
import { LateWatch } from './late-watch.js';
import type { LedgerOperation, LedgerStore, OperationResult } from './ledger-store.js';
import { type Waiting, WaitingOperations } from './waiting-operations.js';

/**
 * From so many requests under way on, a transaction waits a moment, in ms, for what the others bring: what it costs is
 * shared then, and with so many of them nobody waits longer for it than for the processor.
 */
const SIBLINGS_MIN = 16;
const GATHER_MS = 1;
/** How long what has time waits for others to share its transaction, in ms. */
export const PATIENCE_MS = 50;
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

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #waiting = new WaitingOperations();
  readonly #lateWatch: LateWatch;
  /** Whether a transaction runs, or will in this turn of the event loop. */
  #isWriting = false;
  /** Set while everything that waits has time. */
  #cancelPatience: (() => void) | undefined;
  #retryMs = RETRY_MIN_MS;
  /** Whether the last transaction failed. */
  #isFailing = false;
  #isClosed = false;
  #onIdle: (() => void)[] = [];
  #onFlushed: { readonly awaited: Set<Waiting>; readonly resolve: () => void }[] = [];

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#lateWatch = new LateWatch(options, () => this.#waiting.all);
  }

  /** How many operations are not in the store yet. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves once the operation is in the store. Rejects when it never will be, or is not in time, though it may be made
   * later; a hold and a claim also when the store fails.
   */
  add(operation: LedgerOperation): Promise<OperationResult> {
    return new Promise((resolve, reject) => {
      const lateAt = this.#options.clock.now() + this.#options.timeoutMs;
      this.#push({ operation, waiter: { resolve, reject, lateAt }, attemptsAlone: 0 });
      this.#lateWatch.begin();
    });
  }

  /** Nobody waits for it. */
  addLater(operation: LedgerOperation): void {
    this.#push({ operation, attemptsAlone: 0 });
  }

  /** It is written down: nobody waits for it, and it has time. */
  addWritten(operation: LedgerOperation, written: WrittenCharge): void {
    this.#push({ operation, written, attemptsAlone: 0 });
  }

  /** Resolves when everything that waits now is in the store; at once while the store fails, and when it does. */
  flush(): Promise<void> {
    const awaited = new Set(this.#waiting.all);
    if (awaited.size === 0 || this.#isFailing || this.#isClosed) return Promise.resolve();
    this.#waiting.makeDue();
    this.#begin();
    return new Promise((resolve) => this.#onFlushed.push({ awaited, resolve }));
  }

  /** Resolves when nothing waits any more, at the latest after a time in ms. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#waiting.length === 0 || this.#isClosed) return;
    this.#waiting.makeDue();
    this.#begin();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    const cancel = this.#options.timers.after(timeoutMs, resolve);
    await promise;
    cancel();
  }

  /** Stops trying again; what still waits is lost unless it is written down. Returns how many operations are lost. */
  close(): number {
    this.#isClosed = true;
    this.#cancelPatience?.();
    const waiting = this.#waiting.all;
    for (const { waiter } of waiting) waiter?.reject(new Error('The ledger is closed.'));
    for (const { resolve } of this.#onFlushed.splice(0)) resolve();
    return waiting.filter(({ written }) => written === undefined).length;
  }

  #push(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#writeSoon();
  }

  /** Begins a transaction when something is urgent, and otherwise in a while. */
  #writeSoon(): void {
    if (this.#isWriting) return;
    if (this.#waiting.isUrgent) this.#begin();
    else this.#cancelPatience ??= this.#options.timers.after(PATIENCE_MS, () => this.#losePatience());
  }

  #losePatience(): void {
    this.#waiting.makeDue();
    this.#begin();
  }

  #begin(): void {
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    // All that this turn of the event loop brings goes into the same transaction.
    if ((this.#options.siblings?.() ?? 0) < SIBLINGS_MIN) setImmediate(() => void this.#write());
    else this.#options.timers.after(GATHER_MS, () => void this.#write());
  }

  async #write(): Promise<void> {
    while (this.#waiting.isUrgent && !this.#isClosed) {
      const error = await this.#commit(this.#waiting.take());
      this.#tellFlushed();
      if (error !== undefined) await this.#pause();
      else if (this.#waiting.isUrgent) await this.#gather();
    }
    this.#isWriting = false;
    if (this.#waiting.length > 0 && !this.#isClosed) {
      this.#writeSoon();
      return;
    }
    this.#lateWatch.end();
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Returns why it failed, when it is worth a pause. */
  async #commit(batch: readonly Waiting[]): Promise<unknown> {
    const { store, serverId, onCommitted } = this.#options;
    const startedAt = performance.now();
    try {
      const operations = batch.map(({ operation }) => operation);
      const results = await store.apply(operations, serverId);
      this.#waiting.drop();
      this.#retryMs = RETRY_MIN_MS;
      this.#isFailing = false;
      for (const [index, { waiter, written }] of batch.entries()) {
        waiter?.resolve(results[index]!);
        written?.forget();
      }
      onCommitted?.(performance.now() - startedAt, batch.length, this.#waiting.length);
      return undefined;
    } catch (error) {
      return this.#fail(batch, error);
    }
  }

  #fail(batch: readonly Waiting[], error: unknown): unknown {
    const { isStoreFailure, onFailure } = this.#options;
    this.#isFailing = true;
    const isLasting = !isStoreFailure(error);
    const again = batch.flatMap((waiting) => this.#afterFailure(waiting, error));
    const isAlone = isLasting && batch.length === 1;
    this.#waiting.putBack(isAlone ? again.filter((waiting) => !this.#isGivenUp(waiting, error)) : again, isLasting);
    onFailure(error, this.#waiting.length);
    return isLasting && batch.length > 1 ? undefined : error;
  }

  /** What takes the place of an operation whose transaction failed: nobody can tell whether it was made after all. */
  #afterFailure(waiting: Waiting, error: unknown): Waiting[] {
    const undo = undoOf(waiting.operation);
    if (undo === undefined) return [waiting];
    waiting.waiter?.reject(error);
    return [{ operation: undo, attemptsAlone: 0 }];
  }

  /** Of an operation that failed alone. */
  #isGivenUp(waiting: Waiting, error: unknown): boolean {
    waiting.attemptsAlone += 1;
    if (waiting.attemptsAlone < ATTEMPTS_ALONE_MAX) return false;
    waiting.waiter?.reject(error);
    waiting.written?.forget();
    this.#options.onGivenUp(waiting.operation, error);
    return true;
  }

  #tellFlushed(): void {
    if (this.#onFlushed.length === 0) return;
    const waiting = new Set(this.#isFailing ? [] : this.#waiting.all);
    const isOver = ({ awaited }: { awaited: Set<Waiting> }) => ![...awaited].some((each) => waiting.has(each));
    const told = this.#onFlushed.filter(isOver);
    this.#onFlushed = this.#onFlushed.filter((flushed) => !told.includes(flushed));
    for (const { resolve } of told) resolve();
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
