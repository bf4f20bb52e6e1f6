/** The rules on single messages, and the one that json_object has on all of them. */
import { textsOf } from '../chat/content.js';
import type { AssistantMessage, Message } from '../chat/message.js';
import type { ChatRequest } from '../chat/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import { checkReserved } from './reserved-text.js';

/**
 * Checks that there are messages, and each of them by itself.
 *
 * @throws ApiError invalid_request for the first rule that is broken.
 */
export function checkMessages(messages: readonly Message[]): void {
  if (messages.length === 0) throw invalidRequest('Empty input messages');
  for (const [index, message] of messages.entries()) {
    if (message.role === 'assistant') checkAssistant(message, index, index === messages.length - 1);
    checkTexts(message);
  }
}

function checkAssistant({ content, tool_calls, prefix }: AssistantMessage, index: number, isLast: boolean): void {
  if (tool_calls?.length === 0) {
    throw invalidRequest(
      `Invalid 'messages[${index}].tool_calls': empty array. Expected an array with minimum length 1, ` +
        'but got an empty array instead.',
    );
  }
  if ((content === null || content === undefined) && !tool_calls) {
    throw invalidRequest('Invalid assistant message: content or tool_calls must be set');
  }
  if (prefix === true && !isLast) {
    throw invalidRequest(`Invalid 'messages[${index}].prefix': only the last message can be a prefix`);
  }
}

function checkTexts(message: Message): void {
  // Most contents are one text, and this runs for every message of a long conversation.
  if (typeof message.content === 'string') checkReserved(message.content);
  else textsOf(message.content).forEach(checkReserved);
  if (message.role !== 'assistant') return;
  if (typeof message.reasoning_content === 'string') checkReserved(message.reasoning_content);
  for (const call of message.tool_calls ?? []) checkReserved(call.function.arguments);
}

/**
 * With `json_object`, a system or user message must speak of JSON, or the model may write white space without end.
 *
 * @throws ApiError invalid_request.
 */
export function checkJsonWord({ response_format, messages }: ChatRequest): void {
  if (response_format?.type !== 'json_object' || messages.some(speaksOfJson)) return;
  throw invalidRequest(
    "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
  );
}

function speaksOfJson(message: Message): boolean {
  const counts = message.role === 'system' || message.role === 'user';
  return counts && textsOf(message.content).some((text) => /json/i.test(text));
}
