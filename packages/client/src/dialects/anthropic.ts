/** The dialect of Anthropic's messages, which the DeepSeek API speaks under `/anthropic`. */
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

export const MESSAGES: Dialect = {
  name: 'messages',
  asksForUsage: false,
  answerTokensMax: (request) => wholeNumber(request.max_tokens),
  readAnswer: (answer) => ({ ...readBody(answer), hasOutput: Array.isArray(answer.content) }),
  readEvent,
  writeError: ({ message, type }, details = {}) => ({
    type: 'error',
    error: { type: type ?? 'api_error', message, ...details },
  }),
  writeErrorEvent: ({ message, type }) =>
    `event: error\ndata: ${JSON.stringify({ type: 'error', error: { type: type ?? 'api_error', message } })}\n\n`,
};

function readEvent({ data }: ServerSentEvent): AnswerFacts {
  const event = parseObject(data);
  if (event === undefined) return {};
  const isOutput = event.type === 'content_block_start' || event.type === 'content_block_delta';
  // The beginning carries the use of the prompt in a message of its own, the end that of the answer.
  const message = isObject(event.message) ? event.message : event;
  const delta = isObject(event.delta) ? event.delta : {};
  return {
    ...readBody({ ...delta, ...event, usage: message.usage }),
    ...(isOutput ? { hasOutput: true } : {}),
    ...(event.type === 'message_stop' ? { isEnd: true } : {}),
  };
}

function readBody(body: JsonObject): AnswerFacts {
  const error = readError(body);
  const usage = isObject(body.usage) ? body.usage : {};
  const inputs = [usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens].map(
    wholeNumber,
  );
  const promptTokens = inputs.every((tokens) => tokens === undefined)
    ? undefined
    : inputs.reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0);
  const answerTokens = wholeNumber(usage.output_tokens);
  return {
    ...(error === undefined ? {} : { error }),
    ...(typeof body.stop_reason === 'string' ? { finish: body.stop_reason } : {}),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(answerTokens === undefined ? {} : { answerTokens }),
  };
}
