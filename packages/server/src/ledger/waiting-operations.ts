/**
 * The operations of the ledger that no transaction has made yet, in the order in which transactions take them: first
 * those that failed together and are tried one by one, then those that somebody waits for, last those that have time.
 */
import type { WrittenCharge } from './charge-journal.js';
import type { LedgerOperation, OperationResult } from './ledger-store.js';

/** The most operations of one transaction. */
const BATCH_LENGTH_MAX = 512;
/** Answers to keep in one transaction, in bytes; one that is longer by itself is kept alone. */
const BATCH_BYTES_MAX = 16 * 1024 * 1024;
/** From so many on, what has time is taken along. */
const PATIENT_LENGTH_MAX = 256;

export interface Waiting {
  readonly operation: LedgerOperation;
  /** Whoever waits for it, and until when; undefined when nobody does, or any more. */
  waiter?: Waiter | undefined;
  /** Where it is written down, if it is: then it has time. */
  readonly written?: WrittenCharge;
  /** How often it was tried by itself in vain. */
  attemptsAlone: number;
}

export interface Waiter {
  readonly resolve: (result: OperationResult) => void;
  readonly reject: (error: unknown) => void;
  /** In the time of the clock. */
  readonly lateAt: number;
}

export class WaitingOperations {
  #suspects: Waiting[] = [];
  #urgent: Waiting[] = [];
  #patient: Waiting[] = [];
  /** What a transaction has taken that runs. */
  #taken: Waiting[] = [];
  #isDue = false;

  get length(): number {
    return this.#suspects.length + this.#urgent.length + this.#patient.length + this.#taken.length;
  }

  /** All of them, in no particular order. */
  get all(): readonly Waiting[] {
    return [...this.#taken, ...this.#suspects, ...this.#urgent, ...this.#patient];
  }

  /** Whether a transaction should begin now: not everything has time. */
  get isUrgent(): boolean {
    if (this.#suspects.length + this.#urgent.length > 0 || this.#patient.length >= PATIENT_LENGTH_MAX) return true;
    return this.#isDue && this.#patient.length > 0;
  }

  /**
   * What nobody waits for comes after what somebody does: it gives money back, and takes charges back. Holds and claims of
   * requests must not wait for it.
   */
  add(waiting: Waiting): void {
    if (!hasTime(waiting)) this.#urgent.push(waiting);
    else {
      this.#patient.push(waiting);
      if (waiting.written === undefined) this.#isDue = true;
    }
  }

  /** Nothing that waits now has time any more. */
  makeDue(): void {
    this.#isDue = true;
  }

  /** Takes what the next transaction is to make. */
  take(): readonly Waiting[] {
    this.#taken = this.#suspects.length > 0 ? this.#suspects.splice(0, 1) : this.#takeTogether();
    return this.#taken;
  }

  /** What was taken has been made. */
  drop(): void {
    this.#taken = [];
  }

  /** What was taken has not been made, in whose place comes `again`: one by one when that is what it takes to find out why. */
  putBack(again: readonly Waiting[], areSuspects: boolean): void {
    this.#taken = [];
    if (areSuspects) this.#suspects.unshift(...again);
    else this.#urgent.unshift(...again);
  }

  #takeTogether(): Waiting[] {
    const isDue = this.#isDue || this.#patient.length >= PATIENT_LENGTH_MAX;
    const urgent = takeFrom(this.#urgent, BATCH_LENGTH_MAX);
    const rest = this.#urgent.length === 0 && isDue ? BATCH_LENGTH_MAX - urgent.length : 0;
    const patient = takeFrom(this.#patient, rest);
    if (this.#patient.length === 0) this.#isDue = false;
    return [...urgent, ...patient];
  }
}

function hasTime({ operation: { kind }, waiter }: Waiting): boolean {
  return waiter === undefined && (kind === 'settle' || kind === 'void');
}

/** Takes the first ones, as many as fit. */
function takeFrom(list: Waiting[], lengthMax: number): Waiting[] {
  let bytes = 0;
  let length = 0;
  for (const { operation } of list) {
    if (length === lengthMax) break;
    bytes += operation.kind === 'settle' ? (operation.keep?.answer.content?.length ?? 0) : 0;
    if (bytes > BATCH_BYTES_MAX && length > 0) break;
    length += 1;
  }
  return list.splice(0, length);
}
