/**
 * Keeps text that callers send from becoming markers of the model. A user who writes `<|im_end|>` must not end his turn,
 * while the same characters from the template must. What would be a marker is replaced by an unguessable word before the
 * template is rendered, so that whatever the template does with the text around it still happens, and put back afterwards
 * as plain text.
 */
import { randomBytes } from 'node:crypto';
import type { TemplateTool } from '../calls/offered-tools.js';
import type { SpecialToken } from '../native/native-model.js';
import type { TemplateMessage } from './template-messages.js';

/** A stretch of a rendered prompt. In one that is `trusted`, markers are tokens; in others they are text. */
export interface PromptPiece {
  readonly text: string;
  readonly trusted: boolean;
}

/** Messages without markers, and the way back. */
export interface GuardedMessages {
  readonly messages: readonly TemplateMessage[];
  readonly tools: readonly TemplateTool[];
  /** Cuts the prompt that was rendered from the messages; the pieces in a row are the prompt. */
  cut(rendered: string): PromptPiece[];
}

export class MarkerGuard {
  /** Matches what must not be a token in a message of the assistant. */
  readonly #control: RegExp | undefined;
  /** The same for all other messages: there a think tag, say, is just as much a fake. */
  readonly #any: RegExp | undefined;

  constructor(specialTokens: readonly SpecialToken[]) {
    const control = specialTokens.filter((special) => special.control);
    const defined = specialTokens.filter((special) => !special.control && LOOKS_LIKE_MARKER.test(special.text));
    this.#control = matcherOf(control);
    this.#any = matcherOf([...control, ...defined]);
  }

  /** Takes the markers out of all texts of messages and tools. Those that have none are handed back as they are. */
  hide(messages: readonly TemplateMessage[], tools: readonly TemplateTool[] = []): GuardedMessages {
    const hidden: string[] = [];
    const secret = `q${randomBytes(12).toString('hex')}q`;
    const replace = (text: string, matcher: RegExp) =>
      text.replace(matcher, (marker) => `${secret}${hidden.push(marker) - 1}q`);
    const guarded = messages.map((message) => {
      const matcher = message.role === 'assistant' ? this.#control : this.#any;
      return matcher === undefined ? message : (mapTexts(message, (text) => replace(text, matcher)) as TemplateMessage);
    });
    const any = this.#any;
    const guardedTools =
      any === undefined ? tools : (mapTexts(tools, (text) => replace(text, any)) as readonly TemplateTool[]);
    if (hidden.length === 0) return { messages, tools, cut: (rendered) => [{ text: rendered, trusted: true }] };
    return { messages: guarded, tools: guardedTools, cut: (rendered) => cutAtSecrets(rendered, secret, hidden) };
  }

  /** Cuts a text so that none of its fragments contains a marker; the fragments in a row are the text. */
  *fragments(text: string): Generator<string> {
    let start = 0;
    const matcher = this.#any === undefined ? undefined : new RegExp(this.#any);
    for (let match = matcher?.exec(text); match; match = matcher?.exec(text)) {
      const end = match.index + String.fromCodePoint(match[0].codePointAt(0)!).length;
      yield text.slice(start, end);
      start = end;
      matcher!.lastIndex = end;
    }
    yield text.slice(start);
  }
}

/**
 * Tokens that a vocabulary adds for its users can be plain runs of spaces or line feeds, which are no danger and come in
 * every text; those that stand for something are written in brackets.
 */
const LOOKS_LIKE_MARKER = /^(?:<.*\p{L}.*>|\[.*\p{L}.*\])$/su;

function matcherOf(tokens: readonly SpecialToken[]): RegExp | undefined {
  const texts = tokens.map(({ text }) => text).filter((text) => text !== '');
  // The longer of two markers that begin alike is the one that the tokenizer would find.
  texts.sort((left, right) => right.length - left.length);
  return texts.length === 0 ? undefined : new RegExp(texts.map(escapeForRegExp).join('|'), 'g');
}

function escapeForRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapTexts(item, map)]));
}

function cutAtSecrets(rendered: string, secret: string, hidden: readonly string[]): PromptPiece[] {
  // Every second part of the split is the number of what was hidden there.
  const parts = rendered.split(new RegExp(`${secret}(\\d+)q`));
  const pieces = parts.map((part, index) => ({
    text: index % 2 === 0 ? part : (hidden[Number(part)] ?? ''),
    trusted: index % 2 === 0,
  }));
  return pieces.filter(({ text }) => text !== '');
}
