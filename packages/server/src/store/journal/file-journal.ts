/** The journal of one server, as files of its own in a folder. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChargeJournal, WrittenCharge } from '../../ledger/charge-journal.js';
import type { SettleOperation } from '../../ledger/ledger-store.js';
import { nameFile } from './file-name.js';
import { JournalFile } from './journal-file.js';
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
  #file: JournalFile | undefined;
  #files = 0;
  #isFailing = false;
  #isClosed = false;

  constructor(options: FileJournalOptions) {
    this.#options = options;
  }

  write(settlement: SettleOperation): WrittenCharge | undefined {
    if (this.#isClosed) return undefined;
    try {
      const file = this.#open();
      file.add(writeRecord(settlement));
      this.#isFailing = false;
      return file;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  sync(): void {
    this.#file?.sync();
  }

  close(): void {
    this.#isClosed = true;
    this.#seal();
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
