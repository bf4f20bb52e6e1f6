/** Tells words from calls in the text of an answer, and ends the words at a stop sequence. */
import { TextMatcher } from '@plumb/wire';
import type { CallForm } from './call-form.js';
import { type CallsListener, CallsReader, type KindsOf } from './calls-reader.js';
import { writeMarkup } from './markup.js';

/** Receives an answer in order: words first, then calls. */
export interface CallReceiver extends CallsListener {
  content(text: string): void;
  /**
   * The opening of a first call has been written, and `rest` after it. False when what follows is no call: then all of
   * it is words.
   */
  opened(rest: string): boolean;
}

/** Where the answer is; `stopped` when a stop sequence was found. */
export type CallPhase = 'words' | 'calls' | 'stopped';

export class CallSplitter {
  readonly #form: CallForm;
  readonly #opening: string;
  readonly #kindsOf: KindsOf;
  readonly #stops: readonly string[];
  readonly #receiver: CallReceiver;
  #words: TextMatcher;
  #reader: CallsReader | undefined;
  #phase: CallPhase = 'words';
  /** White space at the end of the words, which is shown when more words follow, and the text of a possible opening. */
  #held = '';
  #hasWords = false;

  constructor(form: CallForm, kindsOf: KindsOf, stops: readonly string[], receiver: CallReceiver) {
    this.#form = form;
    this.#opening = writeMarkup(form.opening);
    this.#kindsOf = kindsOf;
    this.#stops = stops;
    this.#receiver = receiver;
    this.#words = this.#matchWords(true);
  }

  get phase(): CallPhase {
    return this.#phase;
  }

  push(text: string): void {
    if (text === '' || this.#phase === 'stopped') return;
    if (this.#reader === undefined) this.#pushWords(text);
    else this.#reader.push(text);
  }

  /** Ends the stream: what was held back is shown where it belongs. */
  end(): void {
    if (this.#phase !== 'words') return;
    this.#show(this.#words.end());
    if (this.#held !== '') this.#receiver.content(this.#held);
    this.#held = '';
  }

  #matchWords(hasOpening: boolean): TextMatcher {
    return new TextMatcher(hasOpening ? [...this.#stops, this.#opening] : this.#stops);
  }

  #pushWords(text: string): void {
    this.#show(this.#words.push(text));
    const { rest, found } = this.#words;
    if (rest === undefined) return;
    if (found !== this.#opening) {
      this.#phase = 'stopped';
      return;
    }
    const isCall = !(this.#form.isWholeAnswer && this.#hasWords) && this.#receiver.opened(rest);
    if (isCall) this.#begin(rest);
    else {
      // What must be the whole answer cannot come any more.
      this.#words = this.#matchWords(!this.#form.isWholeAnswer);
      this.#show(found);
      this.#pushWords(rest);
    }
  }

  #begin(rest: string): void {
    this.#held = '';
    this.#phase = 'calls';
    this.#reader = new CallsReader(this.#form, this.#kindsOf, this.#receiver);
    this.#reader.push(rest);
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
