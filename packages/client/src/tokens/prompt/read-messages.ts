/** Reads `messages`, of the chat contract and of the Anthropic dialect. */
import { type Fields, isFields, readContent, readList, readText } from './read-content.js';
import type { Call, Turn } from './turns.js';

export function readMessages(messages: readonly unknown[]): Turn[] {
  return messages.filter(isFields).flatMap((message) => {
    const blocks = readList(message.content).filter(isFields);
    return blocks.some(isAnthropicBlock) ? readBlocks(message, blocks) : [readMessage(message)];
  });
}

function readMessage(message: Fields): Turn {
  return {
    role: readRole(message.role),
    content: readContent(message.content),
    reasoning: readText(message.reasoning_content),
    calls: readList(message.tool_calls).filter(isFields).map(readCall),
    isPrefix: message.prefix === true,
  };
}

function readRole(role: unknown): Turn['role'] {
  if (role === 'assistant' || role === 'system' || role === 'tool') return role;
  if (role === 'developer') return 'system';
  return role === 'function' ? 'tool' : 'user';
}

function readCall(call: Fields): Call {
  const called = isFields(call.function) ? call.function : {};
  return { name: readText(called.name), arguments: readText(called.arguments) };
}

function isAnthropicBlock({ type }: Fields): boolean {
  return type === 'tool_use' || type === 'tool_result' || type === 'thinking' || type === 'redacted_thinking';
}

/** Results of tools are messages of their own here, before the rest of the one that they came in. */
function readBlocks(message: Fields, blocks: readonly Fields[]): Turn[] {
  const results = blocks.filter(({ type }) => type === 'tool_result');
  const rest = blocks.filter((block) => !isAnthropicBlock(block));
  const calls = blocks.filter(({ type }) => type === 'tool_use');
  const own: Turn = {
    role: readRole(message.role),
    content: readContent(rest),
    reasoning: blocks.map(({ thinking }) => readText(thinking)).join(''),
    calls: calls.map(({ name, input }) => ({ name: readText(name), arguments: JSON.stringify(input ?? {}) })),
  };
  const isEmpty = rest.length === 0 && own.role === 'user';
  return [
    ...results.map(({ content }): Turn => ({ role: 'tool', content: readContent(content) })),
    ...(isEmpty ? [] : [own]),
  ];
}
