/**
 * A lock among processes that survives the death of whoever has it: numbered files, of which the highest counts.
 *
 * Whoever wants the lock looks at the highest file. If its owner has let go or is dead, he makes the next one; the system
 * lets only one succeed. A file never becomes valid again, so nobody can break a lock that somebody else has just taken
 * over, as with a single file that is removed when it seems to be left over.
 */
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isRunning } from './process-identity.js';

/** After how long, in ms, somebody who runs but does not let go is passed over: he was stopped in the middle. */
const STUCK_MS = 5000;
const HELD = 'held ';
const FREE = 'free ';

export class FileLock {
  readonly #folder: string;
  readonly #owner: string;
  #held: number | undefined;

  /** @param owner Begins with the identity of this process; unique among all that want the lock. */
  constructor(folder: string, owner: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#owner = owner;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Takes the lock if nobody has it. */
  tryAcquire(now: number): boolean {
    const highest = this.#highest();
    if (highest > 0 && this.#isTaken(highest, now)) return false;
    const mine = highest + 1;
    if (!this.#make(mine)) return false;
    // Somebody slower than two others can make a number that they have passed already.
    if (this.#highest() !== mine) {
      this.#remove(mine);
      return false;
    }
    this.#held = mine;
    this.#removeBelow(mine);
    return true;
  }

  release(): void {
    if (this.#held === undefined) return;
    const path = this.#pathOf(this.#held);
    this.#held = undefined;
    try {
      const file = openSync(path, 'r+', 0o600);
      writeSync(file, FREE, 0);
      closeSync(file);
    } catch (error) {
      // Somebody took it over because it was held too long.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #isTaken(number: number, now: number): boolean {
    try {
      const path = this.#pathOf(number);
      const text = readFileSync(path, 'utf8');
      if (!text.startsWith(HELD)) return false;
      return isRunning(text.slice(HELD.length)) && now - statSync(path).mtimeMs < STUCK_MS;
    } catch {
      // It has just been passed by somebody who has the lock now.
      return true;
    }
  }

  /** Makes a file with its content at once, unless there is one already. */
  #make(number: number): boolean {
    const draft = join(this.#folder, `draft.${this.#owner.replaceAll(/[^\w.-]/g, '-')}`);
    writeFileSync(draft, `${HELD}${this.#owner}`, { mode: 0o600 });
    try {
      linkSync(draft, this.#pathOf(number));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkSync(draft);
    }
  }

  #highest(): number {
    return Math.max(0, ...this.#numbers());
  }

  #removeBelow(number: number): void {
    for (const other of this.#numbers()) if (other < number) this.#remove(other);
  }

  #numbers(): number[] {
    return readdirSync(this.#folder)
      .map((name) => Number(/^lock\.(\d+)$/.exec(name)?.[1]))
      .filter((number) => !Number.isNaN(number));
  }

  #remove(number: number): void {
    try {
      unlinkSync(this.#pathOf(number));
    } catch {
      // Somebody else has removed it.
    }
  }

  #pathOf(number: number): string {
    return join(this.#folder, `lock.${number}`);
  }
}
