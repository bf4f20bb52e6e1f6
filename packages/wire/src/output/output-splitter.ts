/** Tells reasoning from answer in the text that a model produces, and ends the answer at a stop sequence. */
import { TextMatcher } from './text-matcher.js';

export const THINK_OPENING = '<think>';
export const THINK_CLOSING = '</think>';

/**
 * `reasoning`: at the start of a think block. `inside-reasoning`: further on in one. `either`: a think block if the model
 * opens one first. `content`: the answer.
 */
export type OutputStart = 'reasoning' | 'inside-reasoning' | 'either' | 'content';

/** Where the output is; `stopped` when a stop sequence was found. */
export type OutputPhase = Exclude<OutputStart, 'inside-reasoning'> | 'stopped';

/** Receives the output in order: all reasoning before all content, no empty texts. */
export interface OutputReceiver {
  reasoning(text: string): void;
  content(text: string): void;
}

/**
 * Splits a stream of text, with the same result however it is cut. White space around the tags belongs to neither part.
 * Stop sequences count in the content alone.
 */
export class OutputSplitter {
  readonly #receiver: OutputReceiver;
  /** Made with the first reasoning: most streams have none in their text. */
  #closing: TextMatcher | undefined;
  readonly #stops: TextMatcher;
  #phase: OutputPhase;
  /** What the output begins with while it can still be a think block, or the white space after some reasoning. */
  #pending = '';
  /** Whether nothing but white space has come since the tag. */
  #isAfterTag: boolean;

  constructor(start: OutputStart, stops: readonly string[], receiver: OutputReceiver) {
    this.#phase = start === 'inside-reasoning' ? 'reasoning' : start;
    this.#isAfterTag = start === 'reasoning';
    this.#stops = new TextMatcher(stops);
    this.#receiver = receiver;
  }

  get phase(): OutputPhase {
    return this.#phase;
  }

  push(text: string): void {
    if (text === '') return;
    if (this.#phase === 'either') this.#pushOpening(text);
    else if (this.#phase === 'reasoning') this.#pushReasoning(text);
    else if (this.#phase === 'content') this.#pushContent(text);
  }

  /** Closes the think block from outside; what comes next is content. */
  closeReasoning(): void {
    this.#endReasoning();
    this.#enterContent();
  }

  /** Ends the stream: what was held back is shown where it belongs. */
  end(): void {
    if (this.#phase === 'either') this.#pushContent(this.#pending);
    else if (this.#phase === 'reasoning') this.#endReasoning();
    if (this.#phase !== 'stopped') this.#showContent(this.#stops.end());
  }

  #pushOpening(text: string): void {
    this.#pending += text;
    const visible = this.#pending.trimStart();
    if (visible.length < THINK_OPENING.length && THINK_OPENING.startsWith(visible)) return;
    const pending = this.#pending;
    this.#pending = '';
    const isThinking = visible.startsWith(THINK_OPENING);
    this.#phase = isThinking ? 'reasoning' : 'content';
    this.#isAfterTag = isThinking;
    this.push(isThinking ? visible.slice(THINK_OPENING.length) : pending);
  }

  #pushReasoning(text: string): void {
    this.#closing ??= new TextMatcher([THINK_CLOSING]);
    this.#showReasoning(this.#closing.push(text));
    const { rest } = this.#closing;
    if (rest === undefined) return;
    this.#enterContent();
    this.push(rest);
  }

  #endReasoning(): void {
    this.#showReasoning(this.#closing?.end() ?? '');
  }

  #pushContent(text: string): void {
    const visible = this.#isAfterTag ? text.trimStart() : text;
    if (visible === '') return;
    this.#isAfterTag = false;
    this.#showContent(this.#stops.push(visible));
    if (this.#stops.rest !== undefined) this.#phase = 'stopped';
  }

  #enterContent(): void {
    this.#phase = 'content';
    this.#pending = '';
    this.#isAfterTag = true;
  }

  /** Shows reasoning up to its last visible character: the white space after it may be that before the closing tag. */
  #showReasoning(text: string): void {
    const whole = this.#pending + (this.#isAfterTag ? text.trimStart() : text);
    if (whole === '') return;
    this.#isAfterTag = false;
    const visible = whole.trimEnd();
    this.#pending = whole.slice(visible.length);
    if (visible !== '') this.#receiver.reasoning(visible);
  }

  #showContent(text: string): void {
    if (text !== '') this.#receiver.content(text);
  }
}
