/**
 * The rules that DeepSeek's API has and that this server only holds a request against when it was told to: each of them
 * refuses something that can be done.
 */
import type { Message } from '../chat/message.js';
import type { ChatRequest } from '../chat/request.js';
import { invalidRequest } from '../errors/named-errors.js';
import { findStrictSchemaProblem } from './strict-schema.js';

/** What the rules depend on beside the request. */
export interface StrictCircumstances {
  /** Whether reasoning precedes the answer. */
  readonly thinking: boolean;
  /** Whether the request came to a path under `/beta`. */
  readonly isBeta: boolean;
}

/**
 * Holds a chat request against the strict rules (contract sections 2.5, 7 and 8).
 *
 * @throws ApiError invalid_request for the first rule that is broken.
 */
export function checkStrictContract(request: ChatRequest, { thinking, isBeta }: StrictCircumstances): void {
  checkFormat(request);
  if (thinking) checkThinking(request);
  if (isBeta) checkStrictTools(request);
  else checkPrefix(request.messages);
}

function checkFormat({ response_format }: ChatRequest): void {
  if (response_format?.type === 'json_schema') throw invalidRequest('This response_format type is unavailable now');
}

function checkThinking({ tool_choice, tools, messages }: ChatRequest): void {
  if (typeof tool_choice === 'object' ? tool_choice !== null : tool_choice === 'required') {
    throw invalidRequest('Thinking mode does not support this tool_choice');
  }
  if ((tools ?? []).length > 0 && messages.some(lacksReasoning)) {
    throw invalidRequest('The `reasoning_content` in the thinking mode must be passed back to the API.');
  }
}

/** An empty text is a text; what continues a prefix has not been thought of yet. */
function lacksReasoning(message: Message): boolean {
  if (message.role !== 'assistant' || message.prefix === true) return false;
  return typeof message.reasoning_content !== 'string';
}

function checkPrefix(messages: readonly Message[]): void {
  const last = messages.at(-1);
  if (last?.role === 'assistant' && last.prefix === true) {
    throw invalidRequest('prefix is only available when using beta api (set base_url="https://api.deepseek.com/beta")');
  }
}

/** Outside of `/beta` the flag is accepted without effect. */
function checkStrictTools({ tools }: ChatRequest): void {
  const definitions = (tools ?? []).map((tool) => tool.function);
  if (!definitions.some(({ strict }) => strict === true)) return;
  for (const [index, { strict, parameters }] of definitions.entries()) {
    if (strict !== true) {
      throw invalidRequest(`tools.${index}.function.strict: in strict mode every function must have strict = true`);
    }
    const problem = findStrictSchemaProblem(parameters ?? {});
    if (problem !== undefined) throw invalidRequest(`tools.${index}.function.parameters${problem}`);
  }
}
