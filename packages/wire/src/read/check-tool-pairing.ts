/** The rule that ties tool messages to the calls that they answer. */
import type { Message, ToolCall } from '../chat/message.js';
import { invalidRequest } from '../errors/named-errors.js';
import { shorten } from '../text.js';

/**
 * Checks that the tool messages after an assistant message answer each of its calls once, and that there are no others.
 *
 * @throws ApiError invalid_request for the first message that is out of place.
 */
export function checkToolPairing(messages: readonly Message[]): void {
  let calls: Calls | undefined;
  for (const [index, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (calls === undefined) {
        throw invalidRequest("Messages with role 'tool' must be a response to a preceding message with 'tool_calls'");
      }
      answer(calls, message.tool_call_id, index);
    } else {
      if (calls !== undefined) checkAllAnswered(calls);
      calls = message.role === 'assistant' ? openCalls(message.tool_calls, index) : undefined;
    }
  }
  if (calls !== undefined) checkAllAnswered(calls);
}

/** The calls of the latest assistant message. */
interface Calls {
  readonly all: ReadonlySet<string>;
  readonly unanswered: Set<string>;
}

function openCalls(toolCalls: readonly ToolCall[] | null | undefined, index: number): Calls | undefined {
  if (!toolCalls) return undefined;
  const all = new Set<string>();
  for (const { id } of toolCalls) {
    if (all.has(id)) throw duplicate(id, index);
    all.add(id);
  }
  return { all, unanswered: new Set(all) };
}

function answer(calls: Calls, id: string, index: number): void {
  if (!calls.all.has(id)) throw invalidRequest(`Invalid 'messages[${index}]'. Unexpected tool_call_id: ${shorten(id)}`);
  if (!calls.unanswered.delete(id)) throw duplicate(id, index);
}

function checkAllAnswered(calls: Calls): void {
  if (calls.unanswered.size === 0) return;
  throw invalidRequest(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      '(insufficient tool messages following tool_calls message)',
  );
}

function duplicate(id: string, index: number): Error {
  return invalidRequest(`Duplicate value for 'tool_call_id' of ${shorten(id)} in message[${index}]`);
}
