/** Tools for models whose chat template knows none: told in a system message, called and answered inside of tags. */
import type { TemplateMessage, TemplateToolCall } from '../prompt/template-messages.js';
import { GENERIC } from './call-format.js';
import type { TemplateTool } from './offered-tools.js';

/** Rewrites a conversation so that no message has calls or is the result of one, and the tools are told at its start. */
export function tellTools(messages: readonly TemplateMessage[], tools: readonly TemplateTool[]): TemplateMessage[] {
  const plain = joinResults(messages.map(toPlainMessage));
  if (tools.length === 0) return plain;
  const [first, ...rest] = plain;
  const instructions = describeTools(tools);
  if (first?.role !== 'system') return [{ role: 'system', content: instructions }, ...plain];
  return [{ ...first, content: `${first.content}\n\n${instructions}` }, ...rest];
}

/** Puts the system message into the first user message, for templates that refuse one. */
export function withoutSystem(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const [first, second, ...rest] = messages;
  if (first?.role !== 'system' || second?.role !== 'user') return [...messages];
  return [{ ...second, content: `${first.content}\n\n${second.content}` }, ...rest];
}

function describeTools(tools: readonly TemplateTool[]): string {
  return [
    'You can call functions. Each line describes one, with the JSON Schema of its arguments:',
    ...tools.map((tool) => JSON.stringify(tool.function)),
    'To call a function, write its name and its arguments as JSON, like this:',
    `${GENERIC.opening}\n{"name": "function_name", "arguments": {"argument": "value"}}\n${GENERIC.closing}`,
    `Call several functions with one such block each. You get the results in ${RESULT.opening} blocks.`,
    'Call a function when it helps; otherwise answer in words.',
  ].join('\n');
}

const RESULT = { opening: '<tool_response>', closing: '</tool_response>' } as const;

function toPlainMessage(message: TemplateMessage): TemplateMessage {
  const { tool_calls: calls, tool_call_id: _, name, ...rest } = message;
  if (message.role === 'tool') {
    return { role: 'tool', content: `${RESULT.opening}\n${message.content}\n${RESULT.closing}` };
  }
  const written = (calls ?? []).map(writeCall);
  const content = [...(message.content === '' ? [] : [message.content]), ...written].join('\n');
  return name === undefined ? { ...rest, content } : { ...rest, name, content };
}

function writeCall({ function: called }: TemplateToolCall): string {
  const given = typeof called.arguments === 'string' ? called.arguments : JSON.stringify(called.arguments);
  return `${GENERIC.opening}\n{"name": ${JSON.stringify(called.name)}, "arguments": ${given}}\n${GENERIC.closing}`;
}

/** Results come from the user's side, those of one turn in one message: many templates want the roles to alternate. */
function joinResults(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const joined: TemplateMessage[] = [];
  let wasResult = false;
  for (const message of messages) {
    const isResult = message.role === 'tool';
    const previous = joined.at(-1);
    if (isResult && wasResult && previous !== undefined) {
      joined[joined.length - 1] = { ...previous, content: `${previous.content}\n${message.content}` };
    } else joined.push(isResult ? { role: 'user', content: message.content } : message);
    wasResult = isResult;
  }
  return joined;
}
