/** Encodes text without markers: splits it into words, knows most of them, and merges the others byte by byte. */
import { Chains, LongMerger, STEP } from './merge-long.js';
import { SHORT_WORD_MAX, ShortMerger } from './merge-short.js';
import { MergeTable } from './merge-table.js';
import { tokensOfBytes, type Vocabulary } from './vocabulary.js';
import { WordCache } from './word-cache.js';
import { WordSplitter } from './word-splitter.js';

/** Takes tokens as they come. */
export class Tokens {
  count = 0;
  /** The tokens themselves, if they are wanted. */
  readonly ids: number[] | undefined;

  constructor(ids?: number[]) {
    this.ids = ids;
  }

  add(id: number): void {
    this.count += 1;
    this.ids?.push(id);
  }
}

export class Encoder {
  readonly #table: MergeTable;
  readonly #short: ShortMerger;
  readonly #splitter = new WordSplitter();
  readonly #cache = new WordCache();
  readonly #tokensOfBytes = tokensOfBytes();
  readonly #utf8 = new TextEncoder();
  readonly #bytes = new Uint8Array(SHORT_WORD_MAX);
  /** Undefined while they are in use, and before the first long word. */
  #chains: Chains | undefined;

  constructor(vocabulary: Vocabulary) {
    this.#table = new MergeTable(vocabulary);
    this.#short = new ShortMerger(this.#table);
  }

  /** Encodes a text in steps, between which others can run. */
  *encode(text: string, tokens: Tokens): Generator<void, void> {
    let work = 0;
    for (let place = 0; place < text.length; ) {
      const wordEnd = this.#splitter.endOfWord(text, place);
      if (!this.#encodeShort(text, place, wordEnd, tokens)) yield* this.#encodeLong(text.slice(place, wordEnd), tokens);
      work += wordEnd - place;
      place = wordEnd;
      if (work < STEP) continue;
      work = 0;
      yield;
    }
  }

  /** Whether the word is short enough to be encoded at once. */
  #encodeShort(text: string, start: number, end: number, tokens: Tokens): boolean {
    const place = this.#cache.placeOf(text, start, end);
    const known = place < 0 ? 0 : this.#cache.countAt(place, text, start, end);
    if (known > 0) {
      this.#addKnown(place, known, tokens);
      return true;
    }
    if (end - start > SHORT_WORD_MAX) return false;
    const { read, written } = this.#utf8.encodeInto(text.slice(start, end), this.#bytes);
    if (read < end - start) return false;
    for (let index = 0; index < written; index++) this.#short.tokens[index] = this.#tokensOfBytes[this.#bytes[index]!]!;
    const count = this.#short.merge(written);
    for (let index = 0; index < count; index++) tokens.add(this.#short.tokens[index]!);
    if (place >= 0) this.#cache.keep(place, text, start, end, this.#short.tokens, count);
    return true;
  }

  #addKnown(place: number, count: number, tokens: Tokens): void {
    if (tokens.ids === undefined) tokens.count += count;
    else for (let index = 0; index < count; index++) tokens.add(this.#cache.tokenAt(place, index));
  }

  *#encodeLong(word: string, tokens: Tokens): Generator<void, void> {
    const chains = this.#chains ?? new Chains(this.#table);
    this.#chains = undefined;
    const bytes = this.#utf8.encode(word);
    const merger = new LongMerger(this.#table, bytes.length, chains);
    yield* merger.merge((index) => this.#tokensOfBytes[bytes[index]!]!);
    yield* merger.read((token) => tokens.add(token));
    this.#chains = chains;
  }
}
