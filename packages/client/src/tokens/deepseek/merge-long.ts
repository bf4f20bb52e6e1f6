/**
 * Merging the tokens of a word of any length in time proportional to it, in steps between which others can run.
 *
 * A merge makes a token that is later in the vocabulary than both of its parts, so what can be merged next never goes
 * before what has just been merged. So instead of a heap there is a chain of places for each token that could be made, and
 * one pass over the tokens in their order. Places come into a chain from left to right, because the later part of a pair
 * is made from left to right; that is the order in which equal pairs have to be merged.
 */
import type { MergeTable } from './merge-table.js';
import { FIRST_MERGE } from './vocabulary.js';

/** How many merges or bytes make a step: some 0.1 ms. */
export const STEP = 4096;

const NONE = -1;

/** Merges one word. Several may be at work at the same time. */
export class LongMerger {
  readonly #table: MergeTable;
  readonly #tokens: Int32Array;
  /** The place before and after each place that is left; `NONE` at the ends. */
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  /** What each place would become with the one after it, 0 for nothing. Its chain is a ring of places. */
  readonly #pairs: Int32Array;
  readonly #ringBefore: Int32Array;
  readonly #ringAfter: Int32Array;
  readonly #chains: Chains;

  /** @param tokens The tokens of the word's bytes; they are overwritten. */
  constructor(table: MergeTable, tokens: Int32Array, chains: Chains) {
    this.#table = table;
    this.#tokens = tokens;
    this.#chains = chains;
    this.#before = new Int32Array(tokens.length);
    this.#after = new Int32Array(tokens.length);
    this.#pairs = new Int32Array(tokens.length);
    this.#ringBefore = new Int32Array(tokens.length);
    this.#ringAfter = new Int32Array(tokens.length);
  }

  /**
   * Merges, yielding after each step. The chains are empty again at the end.
   *
   * @returns The place after each place that is left, beginning with place 0; `NONE` (-1) after the last.
   */
  *merge(): Generator<void, Int32Array> {
    const last = this.#tokens.length - 1;
    for (let place = 0; place <= last; place++) {
      this.#before[place] = place - 1;
      this.#after[place] = place < last ? place + 1 : NONE;
    }
    for (let place = 0; place < last; place++) {
      this.#pairUp(place);
      if (place % STEP === STEP - 1) yield;
    }
    let merges = 0;
    for (let token = this.#chains.next(0); token !== NONE; token = this.#chains.next(token)) {
      const place = this.#ringAfter[this.#chains.lastOf(token)]!;
      this.#mergeAt(place, token);
      if (++merges % STEP === 0) yield;
    }
    return this.#after;
  }

  #mergeAt(place: number, token: number): void {
    const right = this.#after[place]!;
    const next = this.#after[right]!;
    this.#unpair(place);
    this.#unpair(right);
    this.#tokens[place] = token;
    this.#after[place] = next;
    if (next !== NONE) this.#before[next] = place;
    const previous = this.#before[place]!;
    if (previous !== NONE) this.#pairUp(previous);
    if (next !== NONE) this.#pairUp(place);
  }

  /** Puts a place into the chain of what it would become, out of the one that it was in. */
  #pairUp(place: number): void {
    const token = this.#table.find(this.#tokens[place]!, this.#tokens[this.#after[place]!]!);
    if (token === this.#pairs[place]) return;
    this.#unpair(place);
    if (token === 0) return;
    this.#pairs[place] = token;
    const last = this.#chains.lastOf(token);
    const first = last === NONE ? place : this.#ringAfter[last]!;
    this.#ringAfter[place] = first;
    this.#ringBefore[first] = place;
    this.#ringBefore[place] = last === NONE ? place : last;
    if (last !== NONE) this.#ringAfter[last] = place;
    this.#chains.setLast(token, place);
  }

  #unpair(place: number): void {
    const token = this.#pairs[place]!;
    if (token === 0) return;
    this.#pairs[place] = 0;
    const previous = this.#ringBefore[place]!;
    const next = this.#ringAfter[place]!;
    this.#ringAfter[previous] = next;
    this.#ringBefore[next] = previous;
    if (this.#chains.lastOf(token) === place) this.#chains.setLast(token, previous === place ? NONE : previous);
  }
}

/** For each token the last place of its chain, and which chains there are. Large, so used again: see `LongMerger`. */
export class Chains {
  readonly #lasts: Int32Array;
  /** One bit for each token that may have a chain. */
  readonly #marks: Int32Array;

  constructor(table: MergeTable) {
    this.#lasts = new Int32Array(table.size).fill(NONE);
    this.#marks = new Int32Array(Math.ceil(table.size / 32));
  }

  lastOf(token: number): number {
    return this.#lasts[token - FIRST_MERGE]!;
  }

  setLast(token: number, place: number): void {
    const index = token - FIRST_MERGE;
    this.#lasts[index] = place;
    this.#marks[index >> 5]! |= 1 << (index & 31);
  }

  /** The first token with a chain that is not before a given one, `NONE` when there is none. */
  next(token: number): number {
    const start = Math.max(token - FIRST_MERGE, 0) >> 5;
    for (let word = start; word < this.#marks.length; word++) {
      for (let marks = this.#marks[word]!; marks !== 0; marks = this.#marks[word]!) {
        const index = word * 32 + 31 - Math.clz32(marks & -marks);
        if (this.#lasts[index] !== NONE) return FIRST_MERGE + index;
        this.#marks[word] = marks & (marks - 1);
      }
    }
    return NONE;
  }
}
