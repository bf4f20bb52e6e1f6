/** The journals of all servers of a data folder: what one that was killed has written down is put into the store by others. */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChargeJournal } from '../../ledger/charge-journal.js';
import type { LedgerStore, SettleOperation } from '../../ledger/ledger-store.js';
import { StoreError } from '../store-error.js';
import { FileJournal } from './file-journal.js';
import { isJournalFile, serverOfFile } from './file-name.js';
import { readRecord } from './record.js';

/** The most settlements of one transaction. */
const BATCH_LENGTH_MAX = 256;

/** What a file is called from then on that had lines which cannot be read. */
const DAMAGED_ENDING = '.damaged';

/** What was found in the journal of a server that is gone. */
export interface Recovery {
  readonly serverId: string;
  /** Settlements that are in the store now; most of them were before. */
  readonly settled: number;
  /** Settlements that the store will never take, such as those of accounts that are not there. */
  readonly refused: number;
  /** Where lines are that cannot be read; undefined when there are none. */
  readonly damagedFile: string | undefined;
}

export class JournalFolder {
  readonly #folder: string;
  readonly #onRecovered: (recovery: Recovery) => void;

  /** `onRecovered` is told of each file. */
  constructor(folder: string, onRecovered: (recovery: Recovery) => void = () => {}) {
    this.#folder = folder;
    this.#onRecovered = onRecovered;
  }

  /** The journal of a server, which tells once when it cannot be written, until it can be again. */
  open(serverId: string, onError: (error: unknown) => void): ChargeJournal {
    return new FileJournal({ folder: this.#folder, serverId, onError });
  }

  /**
   * Puts into the store what servers have written down that are gone, and removes their files. A settlement that is there
   * already changes nothing. Rejects when the store or the folder fails; the files stay then.
   */
  async recover(store: Pick<LedgerStore, 'apply'>, isGone: (serverId: string) => boolean): Promise<void> {
    for (const name of await readNames(this.#folder)) {
      if (isGone(serverOfFile(name))) this.#onRecovered(await this.#recoverFile(store, name));
    }
  }

  async #recoverFile(store: Pick<LedgerStore, 'apply'>, name: string): Promise<Recovery> {
    const path = join(this.#folder, name);
    const lines = (await readFile(path, 'utf8')).split('\n');
    // What follows the last line feed was being written when its server ended, which had not answered yet.
    lines.pop();
    const settlements = lines.map(readLine).filter((settlement) => settlement !== undefined);
    const serverId = serverOfFile(name);
    const refused = await applyAll(store, settlements, serverId);
    const damagedFile = settlements.length < lines.length ? `${path}${DAMAGED_ENDING}` : undefined;
    if (damagedFile === undefined) await rm(path, { force: true });
    else await rename(path, damagedFile);
    return { serverId, settled: settlements.length - refused, refused, damagedFile };
  }
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter(isJournalFile).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new StoreError('unavailable', `The folder ${folder} cannot be read: ${(error as Error).message}.`, error);
  }
}

function readLine(line: string): SettleOperation | undefined {
  try {
    return readRecord(line);
  } catch {
    return undefined;
  }
}

/** Returns how many the store does not take. */
async function applyAll(
  store: Pick<LedgerStore, 'apply'>,
  settlements: readonly SettleOperation[],
  serverId: string,
): Promise<number> {
  let refused = 0;
  for (let from = 0; from < settlements.length; from += BATCH_LENGTH_MAX) {
    const batch = settlements.slice(from, from + BATCH_LENGTH_MAX);
    if (await isTaken(store, batch, serverId)) continue;
    for (const settlement of batch) if (!(await isTaken(store, [settlement], serverId))) refused += 1;
  }
  return refused;
}

async function isTaken(
  store: Pick<LedgerStore, 'apply'>,
  settlements: readonly SettleOperation[],
  serverId: string,
): Promise<boolean> {
  try {
    await store.apply(settlements, serverId);
    return true;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    return false;
  }
}
