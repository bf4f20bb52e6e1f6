/** What DeepSeek says word by word, for clients that read it. */
import type { Fields, Question } from '../ask.js';
import { type CheckCase, STRICT } from '../case.js';
import { must, show } from '../finding.js';
import { messageOf } from '../read/answer.js';
import type { SourceName } from '../sources.js';
import { CALL, GET_WEATHER, tool } from './weather.js';

const USER = { role: 'user', content: 'Hi' } as const;
const MISFORMED = 'Failed to deserialize the JSON body into the target type: ';

/** A rule that is kept when a refusal begins with these words. */
function worded(
  name: string,
  of: string,
  fields: Fields,
  words: string,
  source: SourceName = 'deepseek-seen',
): CheckCase {
  return {
    id: `errors/words-${name}`,
    rule: `The refusal of ${of} is worded as DeepSeek does.`,
    sources: [source],
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const message = messageOf(await ask.chat({ max_tokens: 1, ...fields }));
      must(message.includes(words), words, message);
    },
  };
}

/** A refusal that is plain text or nothing. */
function bare(name: string, of: string, question: Question, body: string): CheckCase {
  return {
    id: `errors/bare-${name}`,
    rule: `The refusal of ${of} is ${body === '' ? 'empty' : 'plain text'}.`,
    sources: ['deepseek-seen'],
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const { text } = await ask.send(question);
      must(text === body, body === '' ? 'an empty body' : show(body), text);
    },
  };
}

export const WORDS_CASES: readonly CheckCase[] = [
  worded('model', 'an unknown model', { model: 'no-such-model' }, 'The supported API model names are '),
  worded('messages', 'missing messages', { messages: undefined }, `${MISFORMED}missing field \`messages\` at line 1`),
  worded(
    'role',
    'an unknown role',
    { messages: [{ role: 'wizard', content: 'Hi' }] },
    'messages[0].role: unknown variant `wizard`',
  ),
  worded(
    'max-tokens',
    'max_tokens out of range',
    { max_tokens: 0 },
    'Invalid max_tokens value, the valid range of max_tokens is [1, 393216]',
  ),
  worded(
    'temperature',
    'a temperature out of range',
    { temperature: 3 },
    'Invalid temperature value, the valid range of temperature is [0, 2]',
  ),
  worded('top-p', 'a top_p out of range', { top_p: 2 }, 'Invalid top_p value, the valid range of top_p is (0, 1.0]'),
  worded(
    'top-logprobs',
    'top_logprobs out of range',
    { logprobs: true, top_logprobs: 21 },
    'the valid range of top_logprobs is [0, 20]',
  ),
  worded('n', 'n other than 1', { n: 2 }, 'Invalid n value (currently only n = 1 is supported)'),
  worded(
    'user-id',
    'a long user_id',
    { user_id: 'x'.repeat(513) },
    "Invalid 'user_id': string too long. Expected a string with maximum length 512",
  ),
  worded(
    'stream-options',
    'stream_options alone',
    { stream_options: {} },
    'stream_options should be set along with stream = true',
  ),
  worded(
    'json-schema',
    'json_schema',
    { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } } },
    'This response_format type is unavailable now',
  ),
  worded(
    'json-word',
    'JSON mode without the word',
    { response_format: { type: 'json_object' } },
    "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.",
  ),
  worded(
    'tool-answer-alone',
    'a tool message without a call',
    { messages: [USER, { role: 'tool', tool_call_id: 'c', content: 'x' }] },
    "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
  ),
  worded(
    'tool-answer-missing',
    'a call without an answer',
    { tools: [GET_WEATHER], messages: [USER, { role: 'assistant', content: '', tool_calls: [CALL] }, USER] },
    "An assistant message with 'tool_calls' must be followed by tool messages",
  ),
  worded(
    'assistant-empty',
    'an empty assistant message',
    { messages: [USER, { role: 'assistant', content: null }, USER] },
    'Invalid assistant message: content or tool_calls must be set',
  ),
  worded(
    'tool-name',
    'a wrong function name',
    { tools: [tool('get weather')] },
    'tools.0.function.name: expected 1-128 ASCII letters, digits, underscores or hyphens',
    'deepseek-recipe',
  ),
  worded('messages-empty', 'an empty conversation', { messages: [] }, 'Empty input messages', 'deepseek-recipe'),
  bare(
    'json',
    'a body that is no JSON',
    { path: '/chat/completions', body: '{"model":' },
    'Failed to parse the request body as JSON: model: EOF while parsing a value at line 1 column 9',
  ),
  bare(
    'content-type',
    'another content type',
    { path: '/chat/completions', body: '{}', contentType: 'text/plain' },
    'Expected request with `Content-Type: application/json`',
  ),
  bare('path', 'an unknown path', { path: '/nothing-is-here' }, ''),
  {
    id: 'errors/completions-outside-beta',
    rule: 'Completions outside of /beta are refused.',
    sources: ['deepseek-seen'],
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const body = { model: ask.model, prompt: 'Hi', max_tokens: 1 };
      const message = messageOf(await ask.send({ path: '/completions', from: 'root', body }));
      must(message.startsWith('completions api is only available when using beta api'), 'a refusal', message);
    },
  },
];
