/** The shape of a buffered answer. All cases but a few look at the same one. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, STRICT } from '../case.js';
import { must, should, show } from '../finding.js';
import { isJson } from '../http/exchange.js';
import { readAnswer } from '../read/answer.js';
import { at, has, isCount, isText, listAt } from '../read/at.js';
import type { SourceName } from '../sources.js';

/** Every word that ends an answer; the last two are DeepSeek's own. */
export const FINISH_REASONS = ['stop', 'length', 'content_filter', 'tool_calls', 'function_call'] as const;
export const DEEPSEEK_FINISH_REASONS = [
  'stop',
  'length',
  'content_filter',
  'tool_calls',
  'insufficient_system_resource',
  'aborted',
] as const;

/** How far the clocks of two machines may be apart, in seconds. */
const CLOCK_DIFFERENCE_MAX_S = 24 * 3600;

const SOURCES: readonly SourceName[] = ['deepseek-chat', 'openai-answer'];

/** A rule about the plain answer. */
function answered(
  name: string,
  rule: string,
  check: (answer: unknown, ask: Ask) => void,
  more: Partial<CheckCase> = {},
): CheckCase {
  return {
    id: `response/${name}`,
    rule,
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    check: async (ask) => check(readAnswer(await ask.chat()), ask),
    ...more,
  };
}

export const RESPONSE_CASES: readonly CheckCase[] = [
  {
    id: 'response/content-type',
    rule: 'A buffered answer is application/json.',
    sources: ['openai-sdk'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const exchange = await ask.chat();
      must(isJson(exchange), 'content-type application/json', exchange.headers['content-type'] ?? 'none');
    },
  },
  answered('object', 'The object is "chat.completion".', (answer) => {
    must(at(answer, 'object') === 'chat.completion', '"chat.completion"', at(answer, 'object'));
  }),
  answered('id', 'The id is a text.', (answer) => {
    must(isText(at(answer, 'id')), 'a text', at(answer, 'id'));
  }),
  {
    id: 'response/id-unique',
    rule: 'Every answer has an id of its own.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const one = at(readAnswer(await ask.chat({ max_tokens: 1 })), 'id');
      const other = at(readAnswer(await ask.chat({ max_tokens: 1 }, { again: 1 })), 'id');
      must(one !== other, 'two ids', show(one));
    },
  },
  answered(
    'id-uuid',
    'The id is a UUID without a prefix.',
    (answer) => {
      const id = at(answer, 'id');
      must(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(String(id)), 'a UUID', id);
    },
    { profiles: STRICT },
  ),
  {
    id: 'response/created',
    rule: 'created is the time in whole seconds.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const exchange = await ask.chat();
      const created = at(readAnswer(exchange), 'created');
      const now = Math.round(exchange.cameAt / 1000);
      must(isCount(created) && Math.abs(created - now) < CLOCK_DIFFERENCE_MAX_S, `about ${now}`, created);
    },
  },
  answered('model', 'The answer names the model that made it.', (answer, ask) => {
    const model = at(answer, 'model');
    must(isText(model), 'a text', model);
    // The canonical id of an alias, or a dated version.
    should(model === ask.model, show(ask.model), model);
  }),
  answered('choices', 'There is exactly one choice.', (answer) => {
    must(listAt(answer, 'choices').length === 1, 'one choice', at(answer, 'choices'));
  }),
  answered('choice-index', 'The choice has the index 0.', (answer) => {
    must(at(answer, 'choices.0.index') === 0, '0', at(answer, 'choices.0.index'));
  }),
  answered('role', 'The message is of the assistant.', (answer) => {
    must(at(answer, 'choices.0.message.role') === 'assistant', '"assistant"', at(answer, 'choices.0.message.role'));
  }),
  answered('content', 'The message has content, a text or null.', (answer) => {
    const content = at(answer, 'choices.0.message.content');
    must(typeof content === 'string' || content === null, 'a text or null', content);
  }),
  answered('finish-reason', 'finish_reason is one of the words of the contract.', (answer, ask) => {
    const words: readonly unknown[] = ask.isDeepSeek ? DEEPSEEK_FINISH_REASONS : FINISH_REASONS;
    must(
      words.includes(at(answer, 'choices.0.finish_reason')),
      words.join(', '),
      at(answer, 'choices.0.finish_reason'),
    );
  }),
  {
    id: 'response/length',
    rule: 'An answer that max_tokens cut has the finish_reason length.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const reason = at(readAnswer(await ask.chat({ max_tokens: 1 })), 'choices.0.finish_reason');
      must(reason === 'length', '"length"', reason);
    },
  },
  answered('usage', 'usage counts the tokens of prompt, answer and both.', (answer) => {
    const usage = at(answer, 'usage');
    const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens'].map((name) => at(usage, name));
    must(counts.every(isCount), 'three whole numbers', usage);
    must(counts[0] !== 0, 'a prompt of at least one token', usage);
  }),
  answered('usage-sum', 'total_tokens is the sum of prompt_tokens and completion_tokens.', (answer) => {
    const sum = Number(at(answer, 'usage.prompt_tokens')) + Number(at(answer, 'usage.completion_tokens'));
    must(at(answer, 'usage.total_tokens') === sum, `total_tokens ${sum}`, at(answer, 'usage'));
  }),
  answered('no-calls', 'Without tools there are no tool_calls.', (answer) => {
    must(listAt(answer, 'choices.0.message.tool_calls').length === 0, 'none', at(answer, 'choices.0.message'));
  }),
  answered('logprobs-null', 'Without logprobs asked for there are none.', (answer) => {
    must((at(answer, 'choices.0.logprobs') ?? null) === null, 'null', at(answer, 'choices.0.logprobs'));
  }),
  answered(
    'no-reasoning',
    'With thinking off the message has no reasoning_content.',
    (answer) => {
      const reasoning = at(answer, 'choices.0.message.reasoning_content');
      must(reasoning === undefined || reasoning === null, 'no key', reasoning);
    },
    { profiles: DEEPSEEK, sources: ['deepseek-thinking'] },
  ),
  answered(
    'fingerprint',
    'system_fingerprint is a text.',
    (answer) => {
      must(isText(at(answer, 'system_fingerprint')), 'a text', at(answer, 'system_fingerprint'));
    },
    { profiles: DEEPSEEK, sources: ['deepseek-chat'] },
  ),
  answered(
    'no-details',
    'With thinking off usage has no completion_tokens_details.',
    (answer) => {
      must(!has(answer, 'usage.completion_tokens_details'), 'no key', at(answer, 'usage'));
    },
    { profiles: STRICT, sources: ['deepseek-seen'] },
  ),
  answered(
    'no-other-keys',
    'The message has no keys of other APIs (refusal, annotations, audio).',
    (answer) => {
      const others = ['refusal', 'annotations', 'audio', 'function_call'].filter((name) =>
        has(answer, `choices.0.message.${name}`),
      );
      must(others.length === 0, 'none of them', others);
    },
    { profiles: STRICT, sources: ['deepseek-seen'] },
  ),
  {
    id: 'response/request-id',
    rule: 'A header names the request, for support: x-request-id or x-ds-trace-id.',
    sources: ['openai-sdk', 'deepseek-seen'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { headers } = await ask.chat();
      const id = headers['x-request-id'] ?? headers['x-ds-trace-id'];
      should(isText(id), 'one of the headers', Object.keys(headers).join(', '));
    },
  },
];
