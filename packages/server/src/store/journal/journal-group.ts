/** What is written down in one turn of the event loop: one write for all of it, which costs as much as one for a line. */
import type { WrittenCharge } from '../../ledger/charge-journal.js';
import type { JournalFile } from './journal-file.js';

export class JournalGroup implements WrittenCharge {
  readonly isWritten: Promise<boolean>;
  readonly #resolve: (isWritten: boolean) => void;
  #text = '';
  /** Lines to keep. */
  #lines = 0;
  #file: JournalFile | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.isWritten = promise;
    this.#resolve = resolve;
  }

  add(line: string): void {
    this.#text += line;
    this.#lines += 1;
  }

  /** @throws when not all of it could be written. */
  writeTo(file: JournalFile): void {
    file.add(this.#text, this.#lines);
    this.#text = '';
    this.#file = file;
    this.#resolve(true);
  }

  /** It could not be written. */
  fail(): void {
    this.#resolve(false);
  }

  forget(): void {
    if (this.#file === undefined) this.#lines -= 1;
    else this.#file.forget();
  }
}
