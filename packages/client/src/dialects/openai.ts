/** The dialects of OpenAI and DeepSeek: chat completions, completions, embeddings. */
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

const ERRORS = {
  writeError: (error, details = {}) => ({ error: { param: null, ...error, ...details } }),
  writeErrorEvent: (error) => `data: ${JSON.stringify({ error })}\n\n`,
} satisfies Pick<Dialect, 'writeError' | 'writeErrorEvent'>;

export const CHAT: Dialect = {
  ...ERRORS,
  name: 'chat',
  asksForUsage: true,
  answerTokensMax: (request) => wholeNumber(request.max_completion_tokens) ?? wholeNumber(request.max_tokens),
  readAnswer: readChoices,
  readEvent,
};

export const COMPLETIONS: Dialect = { ...CHAT, name: 'completions' };

export const EMBEDDINGS: Dialect = {
  ...ERRORS,
  name: 'embeddings',
  asksForUsage: false,
  answerTokensMax: () => 0,
  readAnswer: (answer) => ({
    ...readShared(answer),
    finish: 'stop',
    isEnd: true,
    hasOutput: Array.isArray(answer.data),
  }),
  readEvent,
};

function readEvent({ data }: ServerSentEvent): AnswerFacts {
  if (data === '[DONE]') return { isEnd: true };
  const chunk = parseObject(data);
  return chunk === undefined ? {} : readChoices(chunk);
}

function readChoices(body: JsonObject): AnswerFacts {
  const choices = Array.isArray(body.choices) ? body.choices.filter(isObject) : [];
  const [choice] = choices;
  const shared = readShared(body);
  if (choice === undefined) return { ...shared, isUsageOnly: Array.isArray(body.choices) && isObject(body.usage) };
  const finish = choices.map((one) => one.finish_reason).find((reason) => typeof reason === 'string');
  const message = [choice.delta, choice.message].find(isObject) ?? {};
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isObject) : [];
  const reasoning = isText(message.reasoning_content) ? message.reasoning_content : undefined;
  const hasOutput =
    finish !== undefined ||
    choices.length > 1 ||
    calls.length > 0 ||
    [choice.text, message.content, reasoning, message.reasoning, message.refusal].some(isText);
  return {
    ...shared,
    hasOutput,
    ...(typeof finish === 'string' ? { finish } : {}),
    ...(reasoning === undefined ? {} : { reasoning }),
    ...(calls.length === 0 ? {} : { calledIds: calls.map(({ id }) => id).filter(isText) }),
  };
}

function readShared(body: JsonObject): AnswerFacts {
  const error = readError(body);
  const usage = isObject(body.usage) ? body.usage : {};
  const promptTokens = wholeNumber(usage.prompt_tokens);
  const total = wholeNumber(usage.total_tokens);
  const answerTokens =
    wholeNumber(usage.completion_tokens) ?? (total === undefined ? undefined : total - (promptTokens ?? 0));
  return {
    ...(error === undefined ? {} : { error }),
    ...(promptTokens === undefined ? {} : { promptTokens }),
    ...(answerTokens === undefined ? {} : { answerTokens }),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
