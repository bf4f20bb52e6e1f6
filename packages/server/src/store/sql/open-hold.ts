/** A hold while a transaction works on it: what was taken of what was granted is put back before the rest. */
import type { HoldRow, NewEntry } from './ledger-rows.js';
import type { Parts } from './spendable-balance.js';

/** An entry whose amounts can still grow. */
type GrowingEntry = { -readonly [Column in keyof NewEntry]: NewEntry[Column] };

export class OpenHold {
  /** Whether this transaction has made it. */
  readonly isNew: boolean;
  /** What this transaction puts back of it. */
  entry: GrowingEntry | undefined;
  readonly #row: HoldRow;
  #granted: bigint;
  #toppedUp: bigint;
  #isChanged: boolean;
  #isEnded = false;

  constructor(row: HoldRow, isNew = false) {
    this.#row = row;
    this.isNew = isNew;
    this.#granted = BigInt(row.granted);
    this.#toppedUp = BigInt(row.topped_up);
    this.#isChanged = isNew;
  }

  get row(): HoldRow {
    return { ...this.#row, granted: this.#granted, topped_up: this.#toppedUp };
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Puts an amount back, or what there is of it. */
  release(amount: bigint): Parts {
    const granted = amount < this.#granted ? amount : this.#granted;
    let toppedUp = amount - granted;
    if (toppedUp > this.#toppedUp) toppedUp = this.#toppedUp;
    this.#granted -= granted;
    this.#toppedUp -= toppedUp;
    this.#isChanged = true;
    return { granted, topped_up: toppedUp };
  }

  /** Puts all of it back. */
  end(): Parts {
    this.#isEnded = true;
    return { granted: this.#granted, topped_up: this.#toppedUp };
  }
}
