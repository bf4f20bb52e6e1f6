/** Reads `input` of the Responses dialect: a text, or items that are messages, calls, their outputs and reasoning. */
import { type Fields, isFields, readContent, readList, readText } from './read-content.js';
import { readMessages } from './read-messages.js';
import type { Turn } from './turns.js';

export function readItems(input: unknown): Turn[] {
  if (typeof input === 'string') return [{ role: 'user', content: [input] }];
  return readList(input).filter(isFields).flatMap(readItem);
}

function readItem(item: Fields): Turn[] {
  switch (item.type) {
    case 'function_call':
    case 'custom_tool_call': {
      const call = { name: readText(item.name), arguments: readText(item.arguments ?? item.input) };
      return [{ role: 'assistant', content: [], calls: [call] }];
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [{ role: 'tool', content: readContent(item.output) }];
    case 'reasoning':
      return [{ role: 'assistant', content: [], reasoning: readContent(item.content).join('') }];
    default:
      return readMessages([item]);
  }
}
