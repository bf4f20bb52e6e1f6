/** The journal of one server, as files of its own in a folder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChargeJournal, WrittenCharge } from '../../ledger/charge-journal.js';
import { nameFile } from './file-name.js';
import { JournalFile } from './journal-file.js';
import { JournalGroup } from './journal-group.js';
import { writeRecord } from './record.js';

/** A file of so many bytes is followed by another one, so that the first can go. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

export interface FileJournalOptions {
  /** Made when there is something to write. */
  readonly folder: string;
  readonly serverId: string;
  /** Told when nothing can be written, once until it can be again. */
  onError(error: unknown): void;
}

export class FileJournal implements ChargeJournal {
  readonly #options: FileJournalOptions;
  #group: JournalGroup | undefined;
  #file: JournalFile | undefined;
  #files = 0;
  #isFailing = false;
  #isClosed = false;

  constructor(options: FileJournalOptions) {
    this.#options = options;
  }

  write(packed: string): WrittenCharge {
    if (this.#group === undefined) {
      this.#group = new JournalGroup();
      // After all that the sockets have brought in this turn.
      setImmediate(() => this.#flush());
    }
    this.#group.add(writeRecord(packed));
    return this.#group;
  }

  sync(): void {
    this.#file?.sync();
  }

  close(): void {
    this.#flush();
    this.#isClosed = true;
    this.#seal();
  }

  #flush(): void {
    const group = this.#group;
    this.#group = undefined;
    try {
      if (this.#isClosed) group?.fail();
      else group?.writeTo(this.#open());
      this.#isFailing = false;
    } catch (error) {
      group?.fail();
      this.#fail(error);
    }
  }

  #open(): JournalFile {
    if (this.#file !== undefined && this.#file.bytes >= FILE_BYTES_MAX) this.#seal();
    if (this.#file === undefined) {
      const { folder, serverId } = this.#options;
      if (this.#files === 0) mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#file = new JournalFile(join(folder, nameFile(serverId, this.#files)));
      this.#files += 1;
    }
    return this.#file;
  }

  #seal(): void {
    this.#file?.seal();
    this.#file = undefined;
  }

  /** What follows a line that is not whole would not be read as one. */
  #fail(error: unknown): void {
    this.#seal();
    if (!this.#isFailing) this.#options.onError(error);
    this.#isFailing = true;
  }
}
