/** What has to be refused, and the envelope that a refusal comes in. */
import type { Ask, Fields } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, OPENAI, type Profile } from '../case.js';
import { must, should, skip } from '../finding.js';
import { isJson } from '../http/exchange.js';
import { describeExchange, requireRefusal } from '../read/answer.js';
import { at, isObject, isText, parseJson } from '../read/at.js';
import type { SourceName } from '../sources.js';
import { CALL, GET_WEATHER, tool } from './weather.js';

const SOURCES: readonly SourceName[] = ['deepseek-errors', 'openai-errors'];
const USER = { role: 'user', content: 'Hi' } as const;
const PATH = '/chat/completions';

/**
 * A rule that is kept when a chat with these fields is refused with 400. Should it be answered, it costs one token.
 * DeepSeek says 422 to some shapes; elsewhere it is a deviation that clients take as well.
 */
function refused(name: string, rule: string, fields: Fields, profiles: readonly Profile[] = EVERY): CheckCase {
  return {
    id: `errors/${name}`,
    rule,
    sources: SOURCES,
    profiles,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ max_tokens: 1, ...fields });
      if (ask.isDeepSeek) requireRefusal(exchange, [400, 422]);
      else requireRefusal(exchange, [400], [422]);
    },
  };
}

const REFUSED: readonly CheckCase[] = [
  refused('messages-missing', 'A body without messages is refused.', { messages: undefined }),
  refused('messages-empty', 'A conversation without a message is refused.', { messages: [] }),
  refused('messages-object', 'messages that are no list are refused.', { messages: USER }),
  refused('model-missing', 'A body without a model is refused.', { model: undefined }),
  refused('model-number', 'A model that is no text is refused.', { model: 7 }),
  refused('role-unknown', 'A role that does not exist is refused.', { messages: [{ role: 'wizard', content: 'Hi' }] }),
  refused('role-missing', 'A message without a role is refused.', { messages: [{ content: 'Hi' }] }),
  refused(
    'role-developer',
    'The role developer is refused.',
    { messages: [{ role: 'developer', content: 'Hi' }] },
    DEEPSEEK,
  ),
  refused('content-number', 'A content that is a number is refused.', { messages: [{ role: 'user', content: 7 }] }),
  refused('content-missing', 'A user message without content is refused.', { messages: [{ role: 'user' }] }),
  refused('assistant-empty', 'An assistant message with neither content nor calls is refused.', {
    messages: [USER, { role: 'assistant', content: null }, USER],
  }),
  refused('temperature-high', 'A temperature above 2 is refused.', { temperature: 2.1 }),
  refused('temperature-low', 'A temperature below 0 is refused.', { temperature: -0.1 }),
  refused('temperature-text', 'A temperature that is a text is refused.', { temperature: 'hot' }),
  refused('top-p-high', 'A top_p above 1 is refused.', { top_p: 1.5 }),
  refused('max-tokens-zero', 'max_tokens of 0 is refused.', { max_tokens: 0 }),
  refused('max-tokens-negative', 'max_tokens below 0 is refused.', { max_tokens: -1 }),
  refused('max-tokens-fraction', 'max_tokens that is not whole is refused.', { max_tokens: 1.5 }),
  refused('n-two', 'n other than 1 is refused.', { n: 2 }, DEEPSEEK),
  refused('n-zero', 'n of 0 is refused.', { n: 0 }),
  refused('stop-many', 'More than 16 stop texts are refused.', { stop: Array(17).fill('\u0001') }, DEEPSEEK),
  refused('stop-number', 'A stop that is a number is refused.', { stop: 7 }),
  refused('stream-text', 'A stream that is a text is refused.', { stream: 'yes' }),
  refused('stream-options', 'stream_options without a stream are refused.', {
    stream_options: { include_usage: true },
  }),
  refused('top-logprobs-high', 'top_logprobs above 20 is refused.', { logprobs: true, top_logprobs: 21 }),
  refused('top-logprobs-alone', 'top_logprobs without logprobs is refused.', { top_logprobs: 2 }),
  refused('penalty-high', 'A penalty above 2 is refused.', { frequency_penalty: 2.1 }, OPENAI),
  refused('format-unknown', 'A response_format that does not exist is refused.', { response_format: { type: 'xml' } }),
  refused('json-word', 'JSON mode is refused where no message speaks of JSON.', {
    response_format: { type: 'json_object' },
  }),
  refused('effort-unknown', 'A reasoning_effort that does not exist is refused.', { reasoning_effort: 'heroic' }),
  refused('thinking-boolean', 'thinking that is no object is refused.', { thinking: true }, DEEPSEEK),
  refused('user-id-long', 'A user_id of more than 512 characters is refused.', { user_id: 'x'.repeat(513) }, DEEPSEEK),
  refused(
    'image-in-system',
    'An image in a system message is refused.',
    {
      messages: [
        { role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,' } }] },
        USER,
      ],
    },
    DEEPSEEK,
  ),
  refused('tools-object', 'tools that are no list are refused.', { tools: GET_WEATHER }),
  refused('tool-type', 'A tool of a kind that does not exist is refused.', { tools: [{ type: 'wizard', wizard: {} }] }),
  refused('tool-name', 'A function name with a space is refused.', { tools: [tool('get weather')] }),
  refused('tool-unnamed', 'A function without a name is refused.', { tools: [{ type: 'function', function: {} }] }),
  refused('tool-twice', 'Two functions of one name are refused.', { tools: [GET_WEATHER, GET_WEATHER] }, DEEPSEEK),
  refused('tool-schema', 'Parameters whose schema is not of an object are refused.', {
    tools: [tool('get_weather', { type: 'array' })],
  }),
  refused('tool-choice-word', 'A tool_choice that does not exist is refused.', {
    tools: [GET_WEATHER],
    tool_choice: 'perhaps',
  }),
  refused('tool-choice-absent', 'A tool_choice that names no function of the request is refused.', {
    tools: [GET_WEATHER],
    tool_choice: { type: 'function', function: { name: 'absent' } },
  }),
  refused('tool-answer-alone', 'A tool message that answers no call is refused.', {
    messages: [USER, { role: 'tool', tool_call_id: CALL.id, content: 'Sunny' }],
  }),
  refused('tool-answer-missing', 'Calls that no tool message answers are refused.', {
    messages: [USER, { role: 'assistant', content: '', tool_calls: [CALL] }, USER],
    tools: [GET_WEATHER],
  }),
  refused('tool-answer-other', 'A tool message with the id of another call is refused.', {
    messages: [
      USER,
      { role: 'assistant', content: '', tool_calls: [CALL] },
      { role: 'tool', tool_call_id: 'call_of_nobody', content: 'Sunny' },
    ],
    tools: [GET_WEATHER],
  }),
];

/** A rule about a body or a path as such. */
function answeredWith(
  name: string,
  rule: string,
  question: Parameters<Ask['send']>[0],
  statuses: readonly number[],
  tolerated: readonly number[] = [],
  sources: readonly SourceName[] = SOURCES,
): CheckCase {
  return {
    id: `errors/${name}`,
    rule,
    sources,
    profiles: EVERY,
    cost: 'free',
    check: async (ask) => requireRefusal(await ask.send(question), statuses, tolerated),
  };
}

/** A rule about the refusal that every endpoint has to make: a body without messages. */
function enveloped(name: string, rule: string, check: (error: unknown) => void, profiles = EVERY): CheckCase {
  return {
    id: `errors/${name}`,
    rule,
    sources: ['deepseek-errors', 'openai-sdk'],
    profiles,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ messages: undefined });
      must(exchange.status >= 400, 'a refusal', describeExchange(exchange));
      const error = at(parseJson(exchange.text), 'error');
      if (!isObject(error)) skip('there is no error object');
      check(error);
    },
  };
}

export const ERRORS_CASES: readonly CheckCase[] = [
  {
    id: 'errors/content-type',
    rule: 'An error is application/json.',
    sources: ['openai-sdk'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ messages: undefined });
      must(isJson(exchange), 'content-type application/json', exchange.headers['content-type'] ?? 'none');
    },
  },
  {
    id: 'errors/envelope',
    rule: 'An error is an object under the key error.',
    sources: ['deepseek-errors', 'openai-sdk'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ messages: undefined });
      must(isObject(at(parseJson(exchange.text), 'error')), '{"error":{…}}', describeExchange(exchange));
    },
  },
  enveloped('message', 'An error has a message for people.', (error) => {
    must(isText(at(error, 'message')), 'a text', error);
  }),
  enveloped('type', 'An error has a type, a text.', (error) => {
    must(isText(at(error, 'type')), 'a text', error);
  }),
  enveloped('param', 'An error has param, a text or null.', (error) => {
    const param = at(error, 'param');
    should(typeof param === 'string' || param === null, 'a text or null', error);
  }),
  enveloped('code', 'An error has a code, a text or null.', (error) => {
    const code = at(error, 'code');
    should(typeof code === 'string' || code === null, 'a text or null', error);
  }),
  enveloped('type-invalid-request', 'The type of a refused body is invalid_request_error.', (error) =>
    must(at(error, 'type') === 'invalid_request_error', '"invalid_request_error"', error),
  ),
  answeredWith('json-cut', 'A body that is no JSON is refused.', { path: PATH, body: '{"model":' }, [400]),
  answeredWith('body-empty', 'An empty body is refused.', { path: PATH, body: '' }, [400]),
  answeredWith('body-list', 'A body that is a list is refused.', { path: PATH, body: '[]' }, [400], [422]),
  {
    id: 'errors/model-unknown',
    rule: 'A model that does not exist is refused: 400 by DeepSeek, 404 by OpenAI.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ model: 'no-such-model-anywhere', max_tokens: 1 });
      requireRefusal(exchange, ask.isDeepSeek ? [400] : [404, 400]);
    },
  },
  answeredWith('path-unknown', 'A path that does not exist is 404.', { path: '/nothing-is-here' }, [404], [], ['http']),
  answeredWith('method', 'GET of the chats is 405.', { path: PATH }, [405], [404], ['http']),
  answeredWith(
    'content-type-other',
    'A body that is said to be plain text is refused with 415.',
    { path: PATH, body: { model: 'x', messages: [USER], max_tokens: 1 }, contentType: 'text/plain' },
    [415],
    [400, 422],
    ['http', 'deepseek-seen'],
  ),
  ...REFUSED,
];
