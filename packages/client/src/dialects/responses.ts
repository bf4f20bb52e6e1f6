/** The dialect of OpenAI's Responses API. */
import type { ServerSentEvent } from '@plumb/wire/sse';
import {
  type AnswerFacts,
  type Dialect,
  isObject,
  type JsonObject,
  parseObject,
  readError,
  wholeNumber,
} from './dialect.js';
import { CHAT } from './openai.js';

export const RESPONSES: Dialect = {
  name: 'responses',
  asksForUsage: false,
  answerTokensMax: (request) => wholeNumber(request.max_output_tokens),
  readAnswer: (answer) => ({ ...readResponse(answer), hasOutput: Array.isArray(answer.output) }),
  readEvent,
  writeError: CHAT.writeError,
  writeErrorEvent: (error) => `event: error\ndata: ${JSON.stringify({ type: 'error', ...error, error })}\n\n`,
};

const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed']);

function readEvent({ data }: ServerSentEvent): AnswerFacts {
  const event = parseObject(data);
  if (event === undefined) return {};
  const type = String(event.type);
  if (type === 'error') return { error: { message: String(event.message ?? 'The endpoint gave no message.') } };
  const response = isObject(event.response) ? readResponse(event.response) : {};
  return {
    ...response,
    ...(type.endsWith('.delta') || type.startsWith('response.output_item') ? { hasOutput: true } : {}),
    ...(ENDS.has(type) ? { isEnd: true } : {}),
  };
}

function readResponse(response: JsonObject): AnswerFacts {
  const error = readError(response);
  const usage = isObject(response.usage) ? response.usage : {};
  const promptTokens = wholeNumber(usage.input_tokens);
  const answerTokens = wholeNumber(usage.output_tokens);
  const isOver = response.status === 'completed' || response.status === 'incomplete';
  return {
    ...(error === undefined ? {} : { error }),
    ...(isOver ? { finish: String(response.status) } : {}),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(answerTokens === undefined ? {} : { answerTokens }),
  };
}
