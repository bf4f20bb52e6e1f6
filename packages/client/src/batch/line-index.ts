/** What is known of each line of a batch, in about 33 bytes a line: a million lines fit in 40 MB. */
import type { Hash } from './hash.js';

/** What has become of a line. */
export const LineState = {
  /** It stands in the input. */
  listed: 0,
  /** It is being asked, or was in this run. */
  started: 1,
  /** An earlier run has its answer. */
  succeeded: 2,
  /** An earlier run has recorded that it failed, and it is not to be asked again. */
  failed: 3,
  /** It failed in an earlier run and is to be asked again. */
  again: 4,
  /** As `again`, but what its key stands for at the endpoint cannot be had any more. */
  anew: 5,
} as const;
export type LineState = (typeof LineState)[keyof typeof LineState];

/** Entries that are allocated at a time, as a power of two. */
const CHUNK_BITS = 14;
const CHUNK = 1 << CHUNK_BITS;
/** 96 bits of the custom_id, 64 of the body, the number of the line. */
const WORDS = 6;
const SLOTS_MIN = 1024;
/** The part of the slots that may be taken. */
const LOAD_MAX = 0.75;
/** The most lines of one batch. */
export const LINES_MAX = 2 ** 30;

export class LineIndex {
  #size = 0;
  #slots = new Uint32Array(SLOTS_MIN);
  readonly #words: Uint32Array[] = [];
  readonly #states: Uint8Array[] = [];

  /** How many lines there are. */
  get size(): number {
    return this.#size;
  }

  /** The entry of a custom_id; -1 when there is none. */
  find(id: Hash): number {
    const mask = this.#slots.length - 1;
    for (let slot = id[0] & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]! - 1;
      if (entry < 0 || this.#hasId(entry, id)) return entry;
    }
  }

  /** Adds a line whose custom_id is not there yet, and returns its entry. A body that is not known is undefined. */
  add(id: Hash, body: Hash | undefined, line: number, state: LineState): number {
    if (this.#size >= LINES_MAX) throw new RangeError(`A batch has at most ${LINES_MAX} lines.`);
    if (this.#size >= this.#slots.length * LOAD_MAX) this.#grow();
    const entry = this.#size++;
    if ((entry & (CHUNK - 1)) === 0) {
      this.#words.push(new Uint32Array(CHUNK * WORDS));
      this.#states.push(new Uint8Array(CHUNK));
    }
    const [words, at] = this.#place(entry);
    words.set([id[0], id[1], id[2], body?.[0] ?? 0, body?.[1] ?? 0, line], at);
    this.setState(entry, state);
    this.#link(entry, id[0]);
    return entry;
  }

  /** The number of the line in the input; 0 when it is only recorded. */
  lineOf(entry: number): number {
    const [words, at] = this.#place(entry);
    return words[at + 5]!;
  }

  stateOf(entry: number): LineState {
    return this.#states[entry >> CHUNK_BITS]![entry & (CHUNK - 1)]! as LineState;
  }

  setState(entry: number, state: LineState): void {
    this.#states[entry >> CHUNK_BITS]![entry & (CHUNK - 1)] = state;
  }

  /** Whether a line may have this body: its first 64 bits are the same, or the body of the line is not known. */
  hasBody(entry: number, body: Pick<Hash, 0 | 1>): boolean {
    const [words, at] = this.#place(entry);
    const first = words[at + 3]!;
    const second = words[at + 4]!;
    return (first === body[0] && second === body[1]) || (first === 0 && second === 0);
  }

  #hasId(entry: number, id: Hash): boolean {
    const [words, at] = this.#place(entry);
    return words[at] === id[0] && words[at + 1] === id[1] && words[at + 2] === id[2];
  }

  #place(entry: number): [words: Uint32Array, at: number] {
    return [this.#words[entry >> CHUNK_BITS]!, (entry & (CHUNK - 1)) * WORDS];
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let entry = 0; entry < this.#size; entry += 1) {
      const [words, at] = this.#place(entry);
      this.#link(entry, words[at]!);
    }
  }

  #link(entry: number, firstWord: number): void {
    const mask = this.#slots.length - 1;
    let slot = firstWord & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = entry + 1;
  }
}
