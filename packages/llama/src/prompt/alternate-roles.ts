/** Conversations for chat templates in which users and assistants must take turns. */
import type { TemplateMessage } from './template-messages.js';

/** Joins messages of one side that follow each other. Calls and results have no part in the turns. */
export function alternateRoles(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const joined: TemplateMessage[] = [];
  for (const message of messages) {
    const previous = joined.at(-1);
    if (previous !== undefined && isSameSide(previous, message)) {
      joined[joined.length - 1] = { ...previous, content: `${previous.content}\n\n${message.content}` };
    } else joined.push(message);
  }
  return joined;
}

function isSameSide(one: TemplateMessage, other: TemplateMessage): boolean {
  return one.role === other.role && isWords(one) && isWords(other);
}

function isWords({ role, tool_calls }: TemplateMessage): boolean {
  return role === 'user' || (role === 'assistant' && tool_calls === undefined);
}
