/** Makes turns fit to be sent back. */
import { parseExactly, parseLoosely } from '../schema/parse-json.js';
import type { Message } from './types.js';

/**
 * A turn whose calls all have JSON as arguments, repaired or empty where the model wrote none: templates of many engines
 * fail on anything else.
 */
export function withReadableCalls(message: Message): Message {
  if (!message.tool_calls) return message;
  const calls = message.tool_calls.map((call) => {
    const { name, arguments: text } = call.function;
    if (parseExactly(text)) return call;
    return { ...call, function: { name, arguments: JSON.stringify(parseLoosely(text)?.value ?? {}) } };
  });
  return { ...message, tool_calls: calls };
}

/**
 * Turns as an endpoint in thinking mode wants them when there are tools: once one turn has reasoning, every turn of the
 * assistant has it. Nothing is changed for endpoints that never sent any.
 */
export function withReasoning(messages: readonly Message[]): readonly Message[] {
  const thinks = messages.some(({ reasoning_content: reasoning }) => typeof reasoning === 'string');
  if (!thinks) return messages;
  return messages.map((message) =>
    message.role === 'assistant' ? { ...message, reasoning_content: message.reasoning_content ?? '' } : message,
  );
}
