/**
 * How a model is made to think before it answers, or not to. Models that were trained on think blocks are told through
 * their template. Others have a block opened for them as plain text, whose budget is bounded, and which is closed for
 * them so that an answer follows.
 */
import { type OutputStart, THINK_CLOSING, THINK_OPENING } from '@plumb/wire';
import type { ChatTemplate } from './chat-template.js';

/** A rendered prompt, and what its output begins with. */
export interface ThinkingPrompt {
  readonly rendered: string;
  readonly start: OutputStart;
  /** Whether the think block must be closed for the model. */
  readonly mustClose: boolean;
}

/**
 * What is fed to a model that was not trained to think when its reasoning is over. Small models take a bare end of the
 * block for the end of their turn, or begin to talk about what they thought; asked for the answer they give it.
 */
export const FORCED_CLOSING = `\n${THINK_CLOSING}\n\n**Answer:**`;

/**
 * Completes a rendered prompt so that the output thinks first, or does not.
 *
 * @param isConstrained Whether the answer has to be of a form: then it must be known from its first token on what is
 * reasoning, which a model is otherwise left to open itself, or not.
 */
export function applyThinking(
  rendered: string,
  template: ChatTemplate,
  thinking: boolean,
  isConstrained: boolean,
): ThinkingPrompt {
  if (!template.thinksNatively) {
    return thinking
      ? { rendered: `${rendered}${THINK_OPENING}\n`, start: 'reasoning', mustClose: true }
      : { rendered, start: 'content', mustClose: false };
  }
  const isOpen = rendered.trimEnd().endsWith(THINK_OPENING);
  const unsure = isConstrained ? 'content' : 'either';
  if (!thinking) return { rendered: rendered + emptyBlock(isOpen, template), start: unsure, mustClose: false };
  if (isOpen) return { rendered, start: 'reasoning', mustClose: false };
  if (isConstrained) return { rendered: `${rendered}${THINK_OPENING}\n`, start: 'reasoning', mustClose: false };
  return { rendered, start: 'either', mustClose: false };
}

/** What makes a model skip its thinking when its template cannot be told to. */
function emptyBlock(isOpen: boolean, template: ChatTemplate): string {
  if (isOpen) return `\n${THINK_CLOSING}\n\n`;
  return template.hasThinkingSwitch ? '' : `${THINK_OPENING}\n\n${THINK_CLOSING}\n\n`;
}
