/** One file of a journal: lines are added to it until it is full, and it goes when all of them are in the store. */
import { closeSync, fdatasync, openSync, rmSync, writeSync } from 'node:fs';

export class JournalFile {
  readonly #path: string;
  readonly #descriptor: number;
  #kept = 0;
  #bytes = 0;
  #isSealed = false;

  /** Makes the file, readable by its owner alone. @throws when it is there already, or cannot be made. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, 'ax', 0o600);
  }

  /** How long it is. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds text that has so many lines to keep. What this has written is the system's: it reaches the file also when this
   * process is killed at once.
   *
   * @throws when not all of it could be written; nothing may be added then.
   */
  add(text: string, lines: number): void {
    const length = Buffer.byteLength(text);
    if (writeSync(this.#descriptor, text) !== length) throw new Error(`There is no room for ${this.#path}.`);
    this.#bytes += length;
    this.#kept += lines;
  }

  /** One line need not be kept any longer. */
  forget(): void {
    this.#kept -= 1;
    this.#removeIfDone();
  }

  /** Waits for the disk elsewhere; a disk that refuses has been heard of by then. */
  sync(): void {
    fdatasync(this.#descriptor, () => {});
  }

  /** Nothing is added or synced any more. */
  seal(): void {
    this.#isSealed = true;
    closeSync(this.#descriptor);
    this.#removeIfDone();
  }

  #removeIfDone(): void {
    if (this.#isSealed && this.#kept === 0) rmSync(this.#path, { force: true });
  }
}
