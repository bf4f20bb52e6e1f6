/**
 * Takes the tool markup out of a stream of text, with the same result however it is cut. What only looks like the
 * beginning of a tag is shown as soon as it is certain to be none.
 */
import { type MarkupCall, parseDsmlCall, parseTokenCall } from './parse-call.js';
import { DSML_CALL_END, readTag, TAG_CHARACTERS_MAX, type Tag, TOKEN_CALL_END } from './patterns.js';

/** The most characters of one call. */
export const CALL_CHARACTERS_MAX = 8 * 1024 * 1024;

/** Receives the text and the calls in it, in order; no empty texts. */
export interface MarkupReceiver {
  text(text: string): void;
  call(call: MarkupCall): void;
}

type CallTag = Exclude<Tag, { kind: 'drop' }>;

export class ToolMarkup {
  readonly #receiver: MarkupReceiver;
  /** What may still become a tag, or what of the open call has still to be searched for its end. */
  #held = '';
  #openCall: CallTag | undefined;
  /** What the open call holds before that. */
  #body: string[] = [];
  #bodyLength = 0;
  /** White space after a tag belongs to the markup. */
  #isAfterTag = false;
  /** Text that is shown at the end of a push, or before a call, in one piece. */
  #visible = '';

  readonly #dropsThinkClosing: () => boolean;

  /** @param dropsThinkClosing Whether the end of a think block counts as markup, when one comes. */
  constructor(receiver: MarkupReceiver, dropsThinkClosing: () => boolean) {
    this.#receiver = receiver;
    this.#dropsThinkClosing = dropsThinkClosing;
  }

  /** Whether text without a `<` would be shown as it is. */
  get isPlain(): boolean {
    return this.#held === '' && this.#openCall === undefined && !this.#isAfterTag;
  }

  /** @throws RangeError when a call is larger than `CALL_CHARACTERS_MAX`. */
  push(text: string): void {
    this.#held += text;
    while (this.#openCall === undefined ? this.#readText() : this.#readCall()) {}
    this.#flush();
  }

  /** Ends the stream: shows what was held back, and gives a call that was cut off as far as it came. */
  end(): void {
    const text = this.#takeBody() + this.#held;
    const call = this.#openCall;
    this.#held = '';
    this.#openCall = undefined;
    if (call === undefined) this.#show(text);
    else this.#give(call, text, false);
    this.#flush();
  }

  /** Reads up to the next call; returns whether there is one. */
  #readText(): boolean {
    const start = this.#held.indexOf('<');
    const before = start === -1 ? this.#held : this.#held.slice(0, start);
    this.#show(before);
    this.#held = this.#held.slice(before.length);
    if (start === -1) return false;
    const tag = readTag(this.#held, this.#dropsThinkClosing());
    if (tag === 'unfinished') return false;
    if (tag === undefined) {
      this.#show('<');
      this.#held = this.#held.slice(1);
      return true;
    }
    this.#held = this.#held.slice(tag.length);
    this.#isAfterTag = true;
    if (tag.kind !== 'drop') this.#openCall = tag;
    return true;
  }

  /** Reads up to the end of the open call; returns whether it is there. */
  #readCall(): boolean {
    const call = this.#openCall as CallTag;
    const pattern = call.kind === 'dsml-call' ? DSML_CALL_END : TOKEN_CALL_END;
    const end = pattern.exec(this.#held);
    if (end === null) {
      // The tag that ends it may be there in part.
      this.#keepBody(this.#held.length - TAG_CHARACTERS_MAX);
      return false;
    }
    const body = this.#takeBody() + this.#held.slice(0, end.index);
    // A tag that opens another call is read again, as that.
    this.#held = this.#held.slice(opensCall(end[0]) ? end.index : end.index + end[0].length);
    this.#openCall = undefined;
    this.#give(call, body, true);
    return true;
  }

  #keepBody(length: number): void {
    if (length <= 0) return;
    this.#body.push(this.#held.slice(0, length));
    this.#held = this.#held.slice(length);
    this.#bodyLength += length;
    if (this.#bodyLength > CALL_CHARACTERS_MAX) throw new RangeError('a tool call in its text is too large');
  }

  #takeBody(): string {
    const body = this.#body.join('');
    this.#body = [];
    this.#bodyLength = 0;
    return body;
  }

  #give(tag: CallTag, body: string, isComplete: boolean): void {
    const call =
      tag.kind === 'dsml-call' ? parseDsmlCall(tag.attributes, body, isComplete) : parseTokenCall(body, isComplete);
    if (call === undefined) return;
    this.#flush();
    this.#receiver.call(call);
  }

  #show(text: string): void {
    const visible = this.#isAfterTag ? text.trimStart() : text;
    if (visible === '') return;
    this.#isAfterTag = false;
    this.#visible += visible;
  }

  #flush(): void {
    const text = this.#visible;
    this.#visible = '';
    if (text !== '') this.#receiver.text(text);
  }
}

function opensCall(tag: string): boolean {
  const read = readTag(tag, false);
  return typeof read === 'object' && read.kind !== 'drop';
}
