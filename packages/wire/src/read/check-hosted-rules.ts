/**
 * Rules of the hosted API that stand in the way of things that work: refused there, allowed here. A server that wants to
 * refuse what the hosted API refuses calls this after `readChatRequest`, once it knows whether the model will think.
 */
import type { Message } from '../chat/message.js';
import type { ChatRequest } from '../chat/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import { checkStrictTools } from './check-strict-tools.js';

/**
 * Refuses a request that the hosted API would refuse.
 *
 * @param thinking Whether reasoning precedes the answer.
 * @throws ApiError invalid_request in the words of the API, where they are known.
 */
export function checkHostedRules(request: ChatRequest, thinking: boolean): void {
  const { tool_choice: choice, response_format: format, messages } = request;
  const tools = request.tools ?? [];
  checkStrictTools(tools);
  const isForced = choice === 'required' || (typeof choice === 'object' && choice !== null);
  if (thinking && isForced) throw invalidRequest('Thinking mode does not support this tool_choice');
  if (thinking && tools.length > 0 && messages.some(lacksReasoning)) {
    throw invalidRequest('The `reasoning_content` in the thinking mode must be passed back to the API.');
  }
  if (format?.type === 'json_schema') throw invalidRequest('This response_format type is unavailable now');
}

/** An empty text is enough. */
function lacksReasoning(message: Message): boolean {
  return message.role === 'assistant' && typeof message.reasoning_content !== 'string';
}
