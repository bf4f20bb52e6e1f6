/** A file of lines that several processes append to, under a lock, and read on from where they stopped. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** At which size, in bytes, the file is written anew with what still counts. */
const SIZE_MAX = 4_000_000;

/** What was read: all lines from the beginning if the file is another one than before. */
export interface NewLines {
  readonly isFresh: boolean;
  readonly lines: readonly string[];
}

/** All methods but `hasNews` are called under the lock. */
export class SharedLog {
  readonly path: string;
  #file: number;
  #inode: number;
  #offset = 0;
  #isFresh = true;
  /** Its size when it was written anew. */
  #sizeAtFirst = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a+', 0o600);
    this.#inode = fstatSync(this.#file).ino;
  }

  /** Whether somebody has written since. */
  hasNews(): boolean {
    const { ino, size } = statSync(this.path);
    return ino !== this.#inode || size !== this.#offset;
  }

  get isTooLong(): boolean {
    return this.#offset > Math.max(SIZE_MAX, 2 * this.#sizeAtFirst);
  }

  /** Whole lines only: whoever is killed while he writes leaves half of one, which the next one ends. */
  read(): NewLines {
    this.#followRename();
    const { size } = fstatSync(this.#file);
    const bytes = Buffer.alloc(Math.max(0, size - this.#offset));
    const length = readSync(this.#file, bytes, 0, bytes.length, this.#offset);
    const text = bytes.toString('utf8', 0, length);
    if (length > 0 && !text.endsWith('\n')) writeSync(this.#file, '\n');
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    this.#offset = fstatSync(this.#file).size;
    return { isFresh, lines: text.split('\n').filter((line) => line !== '') };
  }

  append(lines: readonly string[]): void {
    if (lines.length === 0) return;
    writeSync(this.#file, `${lines.join('\n')}\n`);
    this.#offset = fstatSync(this.#file).size;
  }

  /** Puts another file in its place. */
  replace(lines: readonly string[]): void {
    const draft = `${this.path}.draft`;
    writeFileSync(draft, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    const file = openSync(draft, 'a+', 0o600);
    fsyncSync(file);
    renameSync(draft, this.path);
    this.#adopt(file);
    this.#offset = fstatSync(file).size;
    this.#sizeAtFirst = this.#offset;
    this.#isFresh = false;
  }

  close(): void {
    closeSync(this.#file);
  }

  #followRename(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    this.#adopt(openSync(this.path, 'a+', 0o600));
    this.#offset = 0;
    this.#isFresh = true;
  }

  #adopt(file: number): void {
    closeSync(this.#file);
    this.#file = file;
    this.#inode = fstatSync(file).ino;
  }
}
