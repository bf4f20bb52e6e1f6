/**
 * The two texts of an answer on their way to where they are shown: think blocks are told from the answer, and markup is
 * taken out. Most answers have neither: text that can be no part of one passes as it is, and what reads them is made when
 * there may be one.
 */
import { type OutputReceiver, OutputSplitter } from '@plumb/wire';
import type { Channel } from './answer-count.js';
import type { MarkupCall } from './markup/parse-call.js';
import { ToolMarkup } from './markup/tool-markup.js';

/** Where the texts are shown. None of them is empty. */
export interface TextReceiver {
  showReasoning(text: string): void;
  showContent(text: string): void;
  showCall(call: MarkupCall): void;
  /** Whether there has to be reasoning, none of which has been shown. */
  readonly lacksReasoning: boolean;
}

export interface AnswerTextOptions {
  /** Whether a text is continued, which may have tags of its own: they stand for nothing. */
  readonly isText: boolean;
  /** False reads everything, which gives the same texts. */
  readonly passesPlain: boolean;
}

export class AnswerText implements OutputReceiver {
  readonly #receiver: TextReceiver;
  readonly #isText: boolean;
  readonly #passesPlain: boolean;
  /** Made when the content may begin with a think block. */
  #splitter: OutputSplitter | undefined;
  /** Made with the first `<`. */
  #reasoningMarkup: ToolMarkup | undefined;
  #contentMarkup: ToolMarkup | undefined;
  /** Whether content has begun without a think block. */
  #isContent: boolean;
  #isReasoningOver = false;

  constructor(receiver: TextReceiver, { isText, passesPlain }: AnswerTextOptions) {
    this.#receiver = receiver;
    this.#isText = isText;
    this.#isContent = isText;
    this.#passesPlain = passesPlain;
  }

  /** Whether the content is inside a think block. */
  get isInThinkBlock(): boolean {
    return this.#splitter?.phase === 'reasoning';
  }

  /** Whether a text without a `<` would be shown as it is, where something was shown before. */
  isPlain(channel: Channel): boolean {
    const phase = this.#splitter?.phase ?? (this.#isContent ? 'content' : 'either');
    if (channel === 'content') return phase === 'content' && this.#contentMarkup?.isPlain !== false;
    return phase === 'either' && !this.#isReasoningOver && this.#reasoningMarkup?.isPlain !== false;
  }

  /** Takes text that the engine says is reasoning. @throws RangeError when a tool call in it is too large. */
  pushReasoning(text: string): void {
    this.reasoning(text);
  }

  /** Takes text that is content, or a think block before it. @throws RangeError when a tool call in it is too large. */
  pushContent(text: string): void {
    if (this.#splitter === undefined && this.#passesPlain) {
      this.#isContent ||= beginsContent(text);
      if (this.#isContent) {
        this.content(text);
        return;
      }
    }
    this.#splitter ??= new OutputSplitter(this.#isText ? 'content' : 'either', [], this);
    this.#splitter.push(text);
  }

  /** Ends both: shows what was held back. */
  end(): void {
    this.#splitter?.end();
    this.#endReasoning();
    this.#contentMarkup?.end();
  }

  /** What the splitter has told to be reasoning. */
  reasoning(text: string): void {
    if (this.#reasoningMarkup === undefined && this.#passesPlain && !text.includes('<')) {
      this.#receiver.showReasoning(text);
      return;
    }
    this.#reasoningMarkup ??= new ToolMarkup(
      { text: (shown) => this.#receiver.showReasoning(shown), call: (call) => this.#receiver.showCall(call) },
      () => false,
    );
    this.#reasoningMarkup.push(text);
  }

  /** What the splitter has told to be content. */
  content(text: string): void {
    if (this.#isText) {
      this.#receiver.showContent(text);
      return;
    }
    this.#endReasoning();
    if (this.#contentMarkup === undefined && this.#passesPlain && !text.includes('<')) {
      this.#receiver.showContent(text);
      return;
    }
    this.#contentMarkup ??= new ToolMarkup(
      { text: (shown) => this.#receiver.showContent(shown), call: (call) => this.#receiver.showCall(call) },
      () => this.#receiver.lacksReasoning,
    );
    this.#contentMarkup.push(text);
  }

  #endReasoning(): void {
    if (this.#isReasoningOver) return;
    this.#reasoningMarkup?.end();
    this.#isReasoningOver = true;
  }
}

/** Whether a text says that it is no think block: something other than white space and a tag comes first. */
function beginsContent(text: string): boolean {
  const visible = text.trimStart();
  return visible !== '' && !visible.startsWith('<');
}
