/** Tells words from calls in the text of an answer, and ends the words at a stop sequence. */
import { TextMatcher } from '@plumb/wire';
import type { CallFormat } from './call-format.js';
import { CallReader } from './call-reader.js';

/** Receives an answer in order: words first, then calls. */
export interface CallReceiver {
  content(text: string): void;
  /**
   * The opening of a first call has been written, and `rest` after it. False when what follows is no call: then all of
   * it is words.
   */
  opened(rest: string): boolean;
  callStart(index: number, name: string): void;
  callArguments(index: number, text: string): void;
  callEnd(index: number): void;
}

/** Where the answer is; `stopped` when a stop sequence was found. */
export type CallPhase = 'words' | 'call' | 'between' | 'stopped';

export class CallSplitter {
  readonly #format: CallFormat;
  readonly #stops: readonly string[];
  readonly #receiver: CallReceiver;
  #words: TextMatcher;
  #reader: CallReader | undefined;
  #phase: CallPhase = 'words';
  #calls = 0;
  /** White space at the end of the words, which is shown when more words follow, and the text of a possible opening. */
  #held = '';
  #hasWords = false;

  constructor(format: CallFormat, stops: readonly string[], receiver: CallReceiver) {
    this.#format = format;
    this.#stops = stops;
    this.#receiver = receiver;
    this.#words = this.#matchWords(true);
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  /** Calls that have been begun. */
  get calls(): number {
    return this.#calls;
  }

  push(text: string): void {
    if (text === '' || this.#phase === 'stopped') return;
    if (this.#phase === 'words') this.#pushWords(text);
    else if (this.#phase === 'call') this.#pushCall(text);
    else this.#pushBetween(text);
  }

  /** Ends the stream: what was held back is shown where it belongs. */
  end(): void {
    if (this.#phase !== 'words') return;
    this.#show(this.#words.end());
    if (this.#held !== '') this.#receiver.content(this.#held);
    this.#held = '';
  }

  #matchWords(hasOpening: boolean): TextMatcher {
    return new TextMatcher(hasOpening ? [...this.#stops, this.#format.opening] : this.#stops);
  }

  #pushWords(text: string): void {
    this.#show(this.#words.push(text));
    const { rest, found } = this.#words;
    if (rest === undefined) return;
    if (found !== this.#format.opening) {
      this.#phase = 'stopped';
      return;
    }
    const isCall = (this.#format.isMarked || !this.#hasWords) && this.#receiver.opened(rest);
    if (isCall) this.#begin(rest);
    else {
      // Without marks, a call can only be the whole answer.
      this.#words = this.#matchWords(this.#format.isMarked);
      this.#show(found);
      this.#pushWords(rest);
    }
  }

  #begin(rest: string): void {
    const index = this.#calls++;
    this.#held = '';
    this.#phase = 'call';
    this.#reader = new CallReader(this.#format, {
      start: (name) => this.#receiver.callStart(index, name),
      given: (text) => this.#receiver.callArguments(index, text),
    });
    this.#pushCall(rest);
  }

  #pushCall(text: string): void {
    const rest = this.#reader!.push(text);
    if (rest === undefined) return;
    this.#phase = 'between';
    this.#receiver.callEnd(this.#calls - 1);
    this.#pushBetween(rest);
  }

  /** Between calls there is nothing but white space. */
  #pushBetween(text: string): void {
    this.#held += text;
    const place = this.#held.indexOf(this.#format.opening);
    if (place !== -1) this.#begin(this.#held.slice(place + this.#format.opening.length));
  }

  #show(text: string): void {
    const whole = this.#held + text;
    const visible = whole.trimEnd();
    this.#held = whole.slice(visible.length);
    if (visible === '') return;
    this.#hasWords = true;
    this.#receiver.content(visible);
  }
}
