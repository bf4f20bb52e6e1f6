/** The messages of a request in the form that chat templates expect. */
import { type AssistantMessage, type Message, type ToolCall, textOf } from '@plumb/wire';
import { shortenCallId } from '../calls/short-call-id.js';

/** A message as templates see it. Content is a text; null only beside calls, for templates that ask for that. */
export interface TemplateMessage {
  readonly role: string;
  readonly content: string | null;
  readonly name?: string;
  readonly reasoning_content?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly TemplateToolCall[];
}

/** A call of an earlier turn; `arguments` is an object for templates that want one, else the text as it was sent. */
export interface TemplateToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: unknown };
}

/** What depends on the template and the request. */
export interface MessageForm {
  /** Whether the arguments of tool calls become objects where they are JSON objects. */
  readonly parsesArguments: boolean;
  /** Whether calls without words have no content, instead of an empty one. */
  readonly hasNullContent: boolean;
  /** Whether ids of calls are cut down to what Mistral's templates take. */
  readonly hasShortIds: boolean;
  /** Whether the reasoning of earlier turns is kept: without tools the API ignores it (contract section 7). */
  readonly keepsReasoning: boolean;
}

/**
 * Converts messages. Parts of a content are joined, a content that is null is empty, and `latest_reminder` is a system
 * message.
 */
export function toTemplateMessages(messages: readonly Message[], form: MessageForm): TemplateMessage[] {
  const calledNames = new Map<string, string>();
  return messages.map((message) => {
    const base = { role: roleOf(message), content: textOf(message.content) };
    if (message.role === 'assistant') {
      return { ...base, ...withReasoning(message, form), ...withCalls(message, form, calledNames) };
    }
    if (message.role === 'tool') return { ...base, ...withAnswered(message.tool_call_id, form, calledNames) };
    const name = 'name' in message ? message.name : undefined;
    return name === null || name === undefined ? base : { ...base, name };
  });
}

function roleOf({ role }: Message): string {
  return role === 'latest_reminder' ? 'system' : role;
}

function withReasoning({ reasoning_content: reasoning }: AssistantMessage, { keepsReasoning }: MessageForm) {
  return keepsReasoning && typeof reasoning === 'string' ? { reasoning_content: reasoning } : {};
}

function withCalls(message: AssistantMessage, form: MessageForm, calledNames: Map<string, string>) {
  const calls = message.tool_calls ?? [];
  if (calls.length === 0) return {};
  for (const call of calls) calledNames.set(call.id, call.function.name);
  const isEmpty = form.hasNullContent && textOf(message.content) === '';
  return { ...(isEmpty ? { content: null } : {}), tool_calls: calls.map((call) => toTemplateCall(call, form)) };
}

function toTemplateCall({ id, function: called }: ToolCall, form: MessageForm): TemplateToolCall {
  const given = form.parsesArguments ? parseObject(called.arguments) : called.arguments;
  return { id: idFor(id, form), type: 'function', function: { name: called.name, arguments: given } };
}

function idFor(id: string, { hasShortIds }: MessageForm): string {
  return hasShortIds ? shortenCallId(id) : id;
}

/** The object, or the text itself where it is none: models do write arguments that are no JSON. None are an empty one. */
function parseObject(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}

/** Several templates name the function whose result a tool message is. */
function withAnswered(id: string, form: MessageForm, calledNames: ReadonlyMap<string, string>) {
  const name = calledNames.get(id);
  const base = { tool_call_id: idFor(id, form) };
  return name === undefined ? base : { ...base, name };
}
