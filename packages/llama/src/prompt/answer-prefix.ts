/** How an answer is begun for the model: the text of a last message with `prefix: true` (contract section 8.4). */
import { type Message, THINK_CLOSING, THINK_OPENING, textOf } from '@plumb/wire';
import type { ChatTemplate } from './chat-template.js';
import { applyThinking, type ThinkingPrompt } from './thinking.js';

/** What an answer begins with; the model goes on from there and does not repeat it. */
export interface AnswerPrefix {
  /** What has been thought already; empty when nothing has. */
  readonly reasoning: string;
  readonly content: string;
}

/** A conversation, and the beginning of the answer to it. */
export interface BegunConversation {
  readonly messages: readonly Message[];
  readonly prefix: AnswerPrefix | undefined;
}

/** Takes the prefix off a conversation. */
export function takePrefix(messages: readonly Message[]): BegunConversation {
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || last.prefix !== true) return { messages, prefix: undefined };
  const prefix = { reasoning: last.reasoning_content ?? '', content: textOf(last.content) };
  return { messages: messages.slice(0, -1), prefix };
}

/** What a begun answer is rendered with. */
export interface BegunAnswer {
  /** Renders the conversation for an answer that thinks, or does not. */
  render(thinking: boolean): string;
  readonly template: ChatTemplate;
  readonly thinking: boolean;
  /** Whether the answer has to be of a form. */
  readonly constrained: boolean;
  readonly prefix: AnswerPrefix;
}

/**
 * Renders a prompt that ends with a prefix. An answer that has begun is not thought about any more: with a `content` the
 * reasoning is what was given of it, or none. Reasoning alone is gone on with.
 */
export function beginAnswer({ render, template, thinking, constrained, prefix }: BegunAnswer): ThinkingPrompt {
  const { reasoning, content } = prefix;
  if (thinking && reasoning !== '') {
    const opened = openBlock(render(true)) + reasoning;
    return content === ''
      ? { rendered: opened, start: 'inside-reasoning', mustClose: !template.thinksNatively }
      : { rendered: `${opened}\n${THINK_CLOSING}\n\n${content}`, start: 'content', mustClose: false };
  }
  if (thinking && content === '') return applyThinking(render(true), template, true, constrained);
  const { rendered, start } = applyThinking(render(false), template, false, constrained);
  return { rendered: rendered + content, start: content === '' ? start : 'content', mustClose: false };
}

function openBlock(rendered: string): string {
  return rendered.trimEnd().endsWith(THINK_OPENING) ? rendered : `${rendered}${THINK_OPENING}\n`;
}
