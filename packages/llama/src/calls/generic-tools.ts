/** Tools for models whose chat template has no place for them: told in a system message, called and answered in words. */
import type { TemplateMessage } from '../prompt/template-messages.js';
import type { CallForm } from './call-form.js';
import type { TemplateTool } from './offered-tools.js';
import { type WrittenCall, writeCalls } from './write-call.js';

/** Tells tools at the start of a conversation. */
export function tellTools(
  messages: readonly TemplateMessage[],
  tools: readonly TemplateTool[],
  form: CallForm,
): TemplateMessage[] {
  if (tools.length === 0) return [...messages];
  const [first, ...rest] = messages;
  const instructions = describeTools(tools, form);
  if (first?.role !== 'system') return [{ role: 'system', content: instructions }, ...messages];
  return [{ ...first, content: `${first.content}\n\n${instructions}` }, ...rest];
}

/** Rewrites a conversation so that no message has calls or is the result of one. */
export function withoutCalls(messages: readonly TemplateMessage[], form: CallForm): TemplateMessage[] {
  return joinResults(messages.map((message) => toPlainMessage(message, form)));
}

/** Puts the system message into the first user message, for templates that refuse one. */
export function withoutSystem(messages: readonly TemplateMessage[]): TemplateMessage[] {
  const [first, second, ...rest] = messages;
  if (first?.role !== 'system' || second?.role !== 'user') return [...messages];
  return [{ ...second, content: `${first.content}\n\n${second.content}` }, ...rest];
}

function describeTools(tools: readonly TemplateTool[], form: CallForm): string {
  const example = (name: string): WrittenCall => ({ name, arguments: '{"argument": "value"}' });
  return [
    'You can call functions. Each line describes one, with the JSON Schema of its arguments:',
    ...tools.map((tool) => JSON.stringify(tool.function)),
    `To call a function, write its name and its arguments${form.argumentTags === undefined ? ' as JSON' : ''}, like this:`,
    writeCalls([example('function_name')], form),
    ...describeSeveral(form, example),
    'Call a function when it helps; otherwise answer in words.',
  ].join('\n');
}

function describeSeveral(form: CallForm, example: (name: string) => WrittenCall): string[] {
  if (!form.isNative) {
    return [`Call several functions with one such block each. You get the results in ${RESULT.opening} blocks.`];
  }
  if (form.beforeNext === undefined) return [];
  return [
    'Call several functions like this:',
    writeCalls([example('first_function'), example('second_function')], form),
  ];
}

const RESULT = { opening: '<tool_response>', closing: '</tool_response>' } as const;

function toPlainMessage(message: TemplateMessage, form: CallForm): TemplateMessage {
  const { tool_calls: calls = [], tool_call_id: _, name, ...rest } = message;
  if (message.role === 'tool') {
    return { role: 'tool', content: `${RESULT.opening}\n${message.content}\n${RESULT.closing}` };
  }
  const words = message.content === '' || message.content === null ? [] : [message.content];
  const written =
    calls.length === 0
      ? []
      : [
          writeCalls(
            calls.map((call) => call.function),
            form,
          ),
        ];
  const content = [...words, ...written].join('\n');
  return name === undefined ? { ...rest, content } : { ...rest, name, content };
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
