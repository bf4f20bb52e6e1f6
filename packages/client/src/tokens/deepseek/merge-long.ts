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

/** What is known of a place, side by side, so that a merge touches few lines of the processor's cache. */
const FIELDS = 8;
const TOKEN = 0;
/** The place before and after it of those that are left; `NONE` at the ends. */
const BEFORE = 1;
const AFTER = 2;
/** What it would become with the one after it, 0 for nothing. Its chain is a ring of places. */
const PAIR = 3;
const RING_BEFORE = 4;
const RING_AFTER = 5;

/** Merges one word. Several may be at work at the same time. Places are counted in fields. */
export class LongMerger {
  readonly #table: MergeTable;
  readonly #places: Int32Array;
  readonly #chains: Chains;

  /** @param length How many tokens the word has at first. */
  constructor(table: MergeTable, length: number, chains: Chains) {
    this.#table = table;
    this.#places = new Int32Array(length * FIELDS);
    this.#chains = chains;
  }

  /** Merges in steps. The chains are empty again at the end. */
  *merge(tokens: (index: number) => number): Generator<void, void> {
    const last = this.#places.length - FIELDS;
    for (let place = 0; place <= last; place += FIELDS) {
      this.#places[place + TOKEN] = tokens(place / FIELDS);
      this.#places[place + BEFORE] = place - FIELDS;
      this.#places[place + AFTER] = place < last ? place + FIELDS : NONE;
      if (place > 0) this.#pairUp(place - FIELDS);
      if (place % (STEP * FIELDS) === 0) yield;
    }
    let merges = 0;
    for (let token = this.#chains.next(0); token !== NONE; token = this.#chains.next(token)) {
      this.#mergeAt(this.#places[this.#chains.lastOf(token) + RING_AFTER]!, token);
      if (++merges % STEP === 0) yield;
    }
  }

  /** Hands over the tokens that are left, in steps. */
  *read(take: (token: number) => void): Generator<void, void> {
    let read = 0;
    for (let place = 0; place !== NONE; place = this.#places[place + AFTER]!) {
      take(this.#places[place + TOKEN]!);
      if (++read % STEP === 0) yield;
    }
  }

  #mergeAt(place: number, token: number): void {
    const places = this.#places;
    const right = places[place + AFTER]!;
    const next = places[right + AFTER]!;
    this.#unpair(place);
    this.#unpair(right);
    places[place + TOKEN] = token;
    places[place + AFTER] = next;
    if (next !== NONE) places[next + BEFORE] = place;
    const previous = places[place + BEFORE]!;
    if (previous >= 0) this.#pairUp(previous);
    if (next !== NONE) this.#pairUp(place);
  }

  /** Puts a place into the chain of what it would become, out of the one that it was in. */
  #pairUp(place: number): void {
    const places = this.#places;
    const token = this.#table.find(places[place + TOKEN]!, places[places[place + AFTER]! + TOKEN]!);
    if (token === places[place + PAIR]) return;
    this.#unpair(place);
    if (token === 0) return;
    places[place + PAIR] = token;
    const last = this.#chains.lastOf(token);
    this.#chains.setLast(token, place);
    const first = last === NONE ? place : places[last + RING_AFTER]!;
    places[place + RING_AFTER] = first;
    places[first + RING_BEFORE] = place;
    places[place + RING_BEFORE] = last === NONE ? place : last;
    if (last !== NONE) places[last + RING_AFTER] = place;
  }

  #unpair(place: number): void {
    const places = this.#places;
    const token = places[place + PAIR]!;
    if (token === 0) return;
    places[place + PAIR] = 0;
    const previous = places[place + RING_BEFORE]!;
    const next = places[place + RING_AFTER]!;
    places[previous + RING_AFTER] = next;
    places[next + RING_BEFORE] = previous;
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
