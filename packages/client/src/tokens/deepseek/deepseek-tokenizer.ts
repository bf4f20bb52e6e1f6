/** The tokenizer of DeepSeek V3 and R1, exact: the same ids as the one of Hugging Face gives with their files. */
import { type Clock, systemClock, wait } from '../../time/clock.js';
import { Encoder, Tokens } from './encoder.js';
import { findMarkers } from './markers.js';
import { TokenBytes } from './token-bytes.js';
import { loadVocabulary, type Vocabulary } from './vocabulary.js';

/** How long the asynchronous methods keep the event loop at a time, in ms. */
const SLICE_MS = 8;

/** How text is read. */
export interface EncodeOptions {
  /**
   * Reads markers such as `<｜User｜>` as the single tokens that they are in a prompt. Never for text of users, which the
   * API does not read so either. Default: false, they are ordinary characters.
   */
  readonly allowMarkers?: boolean;
}

/** Loads the vocabulary, which takes some 50 ms and 10 MB, and makes a tokenizer of it. Load it once and keep it. */
export async function loadDeepSeekTokenizer(clock: Clock = systemClock): Promise<DeepSeekTokenizer> {
  return new DeepSeekTokenizer(await loadVocabulary(), clock);
}

/**
 * All methods take time proportional to the text, whatever is in it. Those that answer at once hold up the event loop for
 * that time; for texts beyond some 200 KB the asynchronous ones give it back every few milliseconds, with the same result.
 */
export class DeepSeekTokenizer {
  readonly #encoder: Encoder;
  readonly #bytes: TokenBytes;
  readonly #clock: Clock;

  constructor(vocabulary: Vocabulary, clock: Clock) {
    this.#encoder = new Encoder(vocabulary);
    this.#bytes = new TokenBytes(vocabulary);
    this.#clock = clock;
  }

  /** How many tokens a text has. */
  count(text: string, options: EncodeOptions = {}): number {
    const tokens = new Tokens();
    finish(this.#encode(text, options, tokens));
    return tokens.count;
  }

  /** The ids of a text's tokens. Lone surrogates are read as U+FFFD. */
  encode(text: string, options: EncodeOptions = {}): number[] {
    const ids: number[] = [];
    finish(this.#encode(text, options, new Tokens(ids)));
    return ids;
  }

  /**
   * As `count`, in slices of some 8 ms.
   *
   * @throws the reason of the signal, once it is aborted.
   */
  async countAsync(text: string, options: EncodeOptions = {}, signal?: AbortSignal): Promise<number> {
    const tokens = new Tokens();
    await this.#finishInSlices(this.#encode(text, options, tokens), signal);
    return tokens.count;
  }

  /**
   * As `encode`, in slices of some 8 ms.
   *
   * @throws the reason of the signal, once it is aborted.
   */
  async encodeAsync(text: string, options: EncodeOptions = {}, signal?: AbortSignal): Promise<number[]> {
    const ids: number[] = [];
    await this.#finishInSlices(this.#encode(text, options, new Tokens(ids)), signal);
    return ids;
  }

  /**
   * The text of tokens, markers included. Bytes that are no UTF-8, as where a character was cut, become U+FFFD.
   *
   * @throws KitError invalid_input for a number that is no token.
   */
  decode(ids: Iterable<number>): string {
    return this.#bytes.decode(ids);
  }

  *#encode(text: string, { allowMarkers = false }: EncodeOptions, tokens: Tokens): Generator<void, void> {
    let start = 0;
    for (const marker of allowMarkers ? findMarkers(text) : []) {
      yield* this.#encoder.encode(text.slice(start, marker.start), tokens);
      tokens.add(marker.id);
      start = marker.end;
    }
    yield* this.#encoder.encode(start === 0 ? text : text.slice(start), tokens);
  }

  async #finishInSlices(steps: Generator<void, void>, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let started = this.#clock.now();
    while (!steps.next().done) {
      if (this.#clock.now() - started < SLICE_MS) continue;
      await wait(this.#clock, 0, signal);
      started = this.#clock.now();
    }
  }
}

function finish(steps: Generator<void, void>): void {
  while (!steps.next().done);
}
