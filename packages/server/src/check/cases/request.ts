/** What a request may say: everything here has to be answered with 200. */
import { type Ask, CHEAP_TOKENS, type Fields } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, OPENAI, type Profile } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import { describeExchange, readAnswer, readChoice, requireOk } from '../read/answer.js';
import { at, isCount, textAt } from '../read/at.js';
import type { SourceName } from '../sources.js';

const CHAT: readonly SourceName[] = ['deepseek-chat', 'openai-chat'];
const USER = { role: 'user', content: 'Say hello in one sentence.' } as const;

/** A rule that is kept when a chat with these fields is answered. */
function accepted(
  name: string,
  rule: string,
  fields: Fields,
  profiles: readonly Profile[] = EVERY,
  ability?: string,
): CheckCase {
  return {
    id: `request/${name}`,
    rule,
    sources: CHAT,
    profiles,
    cost: 'cheap',
    check: async (ask) => requireOk(await ask.chat(fields), ability),
  };
}

const ACCEPTED: readonly CheckCase[] = [
  accepted('system', 'A conversation may begin with a system message.', {
    messages: [{ role: 'system', content: 'You are brief.' }, USER],
  }),
  accepted('history', 'A conversation may have earlier answers in it.', {
    messages: [USER, { role: 'assistant', content: 'Hello.' }, { role: 'user', content: 'Again.' }],
  }),
  accepted('text-parts', 'The content of a user may be a list of text parts.', {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Say' },
          { type: 'text', text: 'hello.' },
        ],
      },
    ],
  }),
  accepted('names', 'A message may have a name.', { messages: [{ ...USER, name: 'alice' }] }),
  accepted('unicode', 'Texts may be of all characters, escaped or not.', {
    messages: [{ role: 'user', content: 'Grüße 👩‍💻 東京 \u2028 «naïve»' }],
  }),
  accepted('nulls', 'An option that is null is as one that is not there.', {
    temperature: null,
    top_p: null,
    stop: null,
    stream: null,
    frequency_penalty: null,
    presence_penalty: null,
  }),
  accepted('stream-false', 'stream may be false.', { stream: false }),
  accepted('temperature-range', 'temperature may be as high as 2.', { temperature: 2 }),
  accepted('top-p', 'top_p may be given.', { top_p: 0.5 }),
  accepted('penalties', 'The penalties may be given, from -2 to 2.', { frequency_penalty: -2, presence_penalty: 2 }),
  accepted('seed', 'A seed may be given.', { seed: 7 }),
  accepted('stop-list', 'stop may be a list of texts.', { stop: ['\u0001', '\u0002', '\u0003', '\u0004'] }),
  accepted('user', 'user may name the user of the caller.', { user: 'check' }),
  accepted('user-id', 'user_id may name the user of the caller.', { user_id: 'check_1-a' }, DEEPSEEK),
  accepted(
    'unknown-key',
    'A key that is not known is ignored.',
    { no_such_key: { a: 1 }, enable_thinking: false },
    DEEPSEEK,
  ),
  accepted(
    'ignored-keys',
    'store, metadata, service_tier and parallel_tool_calls are ignored.',
    {
      store: false,
      metadata: {},
      service_tier: 'auto',
      parallel_tool_calls: true,
    },
    DEEPSEEK,
  ),
  accepted('response-format-text', 'response_format may be text.', { response_format: { type: 'text' } }),
  accepted(
    'json-object',
    'response_format may be json_object where a message speaks of JSON.',
    { messages: [{ role: 'user', content: 'Say hello in JSON.' }], response_format: { type: 'json_object' } },
    EVERY,
    'JSON mode',
  ),
  accepted(
    'json-schema',
    'response_format may be json_schema.',
    {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'greeting',
          strict: true,
          schema: {
            type: 'object',
            properties: { text: { type: 'string' } },
            required: ['text'],
            additionalProperties: false,
          },
        },
      },
    },
    OPENAI,
    'JSON schemas',
  ),
  accepted(
    'effort-aliases',
    'reasoning_effort none switches thinking off and is accepted.',
    { thinking: undefined, reasoning_effort: 'none' },
    DEEPSEEK,
  ),
];

export const REQUEST_CASES: readonly CheckCase[] = [
  ...ACCEPTED,
  {
    id: 'request/charset',
    rule: 'The content type may name its character set.',
    sources: ['http'],
    profiles: EVERY,
    cost: 'cheap',
    check: async (ask) => requireOk(await ask.chat({}, { contentType: 'application/json; charset=utf-8' })),
  },
  {
    id: 'request/developer',
    rule: 'A conversation may begin with a developer message.',
    sources: ['openai-chat'],
    profiles: OPENAI,
    cost: 'cheap',
    async check(ask) {
      const exchange = await ask.chat({ messages: [{ role: 'developer', content: 'You are brief.' }, USER] });
      // DeepSeek and many models know the role by its older name alone.
      should(exchange.status !== 400, 'status 200', describeExchange(exchange));
      requireOk(exchange);
    },
  },
  {
    id: 'request/max-tokens',
    rule: 'An answer has no more tokens than max_tokens.',
    sources: CHAT,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const used = at(readAnswer(await ask.chat({ max_tokens: 3 })), 'usage.completion_tokens');
      must(isCount(used) && used <= 3, 'at most 3 completion_tokens', used);
    },
  },
  {
    id: 'request/max-completion-tokens',
    rule: 'max_completion_tokens bounds the answer as max_tokens does.',
    sources: ['openai-chat'],
    profiles: OPENAI,
    cost: 'cheap',
    async check(ask) {
      const fields = { max_tokens: undefined, max_completion_tokens: 3 };
      const used = at(readAnswer(await ask.chat(fields)), 'usage.completion_tokens');
      must(isCount(used) && used <= 3, 'at most 3 completion_tokens', used);
    },
  },
  {
    id: 'request/stop',
    rule: 'An answer ends before a stop text and does not have it.',
    sources: CHAT,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const content = textAt(readChoice(await ask.chat({ temperature: 0 })), 'message.content');
      // A word, because some engines look for stop texts between their special tokens alone.
      const stop = content.match(/\p{L}{3,}/gu)?.[1];
      if (stop === undefined) skip('the model wrote too little to stop in');
      const stopped = textAt(readChoice(await ask.chat({ temperature: 0, stop: [stop] })), 'message.content');
      must(!stopped.includes(stop), `an answer without ${show(stop)}`, stopped);
    },
  },
  {
    id: 'request/seed-repeats',
    rule: 'The same request with the same seed gets the same answer.',
    sources: ['openai-chat'],
    profiles: OPENAI,
    cost: 'cheap',
    async check(ask) {
      const first = textAt(readChoice(await ask.chat({ seed: 7 })), 'message.content');
      const second = textAt(readChoice(await ask.chat({ seed: 7 }, { again: 1 })), 'message.content');
      // OpenAI itself promises its best alone.
      should(first === second, show(first), second);
    },
  },
  path('no-prefix', 'The API is served without a prefix.', ''),
  path('v1-prefix', 'The API is served under /v1.', '/v1'),
  path('beta-prefix', 'The whole chat contract is served under /beta.', '/beta'),
  {
    id: 'request/prefix',
    rule: 'Under /beta a last assistant message with prefix is gone on with, and not repeated.',
    sources: ['deepseek-prefix'],
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const begun = 'Hello to everybody who';
      const messages = [USER, { role: 'assistant', content: begun, prefix: true }];
      const body = ask.chatBody({ messages });
      const choice = readChoice(await ask.send({ path: '/beta/chat/completions', from: 'root', body }), 'prefixes');
      const content = textAt(choice, 'message.content');
      must(!content.startsWith(begun), 'the rest of the answer alone', content);
    },
  },
  {
    id: 'request/fim',
    rule: 'POST /beta/completions goes on with a text, and answers with a text_completion.',
    sources: ['deepseek-fim'],
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const answer = readAnswer(await complete(ask, {}), 'completions');
      must(at(answer, 'object') === 'text_completion', 'object "text_completion"', at(answer, 'object'));
      must(typeof at(answer, 'choices.0.text') === 'string', 'choices[0].text as a text', at(answer, 'choices.0'));
    },
  },
  {
    id: 'request/fim-usage',
    rule: 'The usage of a completion adds up.',
    sources: ['deepseek-fim'],
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const usage = at(readAnswer(await complete(ask, {}), 'completions'), 'usage');
      const [prompt, completion, total] = ['prompt_tokens', 'completion_tokens', 'total_tokens'].map((name) =>
        Number(at(usage, name)),
      );
      must(total === (prompt ?? 0) + (completion ?? 0), 'total = prompt + completion', usage);
    },
  },
];

function path(name: string, rule: string, prefix: string): CheckCase {
  return {
    id: `request/${name}`,
    rule,
    sources: ['deepseek-chat', 'deepseek-seen'],
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const body = ask.chatBody({ max_tokens: 1 });
      requireOk(await ask.send({ path: `${prefix}/chat/completions`, from: 'root', body }));
    },
  };
}

function complete(ask: Ask, fields: Fields) {
  const body = { model: ask.model, prompt: 'The three primary colours are', max_tokens: CHEAP_TOKENS, ...fields };
  return ask.send({ path: '/beta/completions', from: 'root', body });
}
