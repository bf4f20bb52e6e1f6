/** Thinking: where it is shown, what it costs, and how it is sent back. */
import type { Ask, Fields } from '../ask.js';
import { type CheckCase, DEEPSEEK, STRICT } from '../case.js';
import { must, skip } from '../finding.js';
import { messageOf, readAnswer, readStreamed, requireOk } from '../read/answer.js';
import { at, isCount, isText, textAt } from '../read/at.js';
import type { SourceName } from '../sources.js';
import { ANSWERED, ASKED, GET_WEATHER } from './weather.js';

/** Enough for some thought and an answer, in tokens. */
const WHOLE_TOKENS = 600;

const SOURCES: readonly SourceName[] = ['deepseek-thinking'];
const THINKING: Fields = { thinking: { type: 'enabled' } };
const WHOLE: Fields = { ...THINKING, reasoning_effort: 'low', max_tokens: WHOLE_TOKENS, temperature: 0 };
const USER = { role: 'user', content: 'Say hello in one sentence.' } as const;
const THOUGHT = { role: 'assistant', content: 'Hello.', reasoning_content: 'They want a greeting.' } as const;

/** A rule about an answer with thinking on. */
function thought(
  name: string,
  rule: string,
  check: (answer: unknown) => void,
  fields: Fields = THINKING,
  cost: CheckCase['cost'] = 'cheap',
): CheckCase {
  return {
    id: `reasoning/${name}`,
    rule,
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost,
    check: async (ask) => check(readAnswer(await ask.chat(fields), 'thinking')),
  };
}

/** A rule that is kept when a chat with these fields is answered. */
function accepted(name: string, rule: string, fields: Fields): CheckCase {
  return {
    id: `reasoning/${name}`,
    rule,
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    check: async (ask) => requireOk(await ask.chat(fields), 'thinking'),
  };
}

/** A rule that is kept when a chat with these fields is refused with these words. */
function refused(name: string, rule: string, fields: Fields, words: string): CheckCase {
  return {
    id: `reasoning/${name}`,
    rule,
    sources: SOURCES,
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.chat({ max_tokens: 1, ...THINKING, ...fields });
      must(exchange.status === 400 && messageOf(exchange) === words, words, exchange.text);
    },
  };
}

const LEVELS = ['low', 'high', 'max', 'minimal', 'medium', 'xhigh', 'ultra'] as const;

export const REASONING_CASES: readonly CheckCase[] = [
  thought('apart', 'With thinking on the reasoning is in reasoning_content, apart from the content.', (answer) => {
    must(isText(at(answer, 'choices.0.message.reasoning_content')), 'a text', at(answer, 'choices.0.message'));
  }),
  thought('no-markup', 'The content has no marks of a think block.', (answer) => {
    const content = textAt(answer, 'choices.0.message.content');
    must(!/<\/?think>/.test(content), 'the answer alone', content);
  }),
  thought('counted', 'usage counts the tokens of reasoning among those of the answer.', (answer) => {
    const reasoning = at(answer, 'usage.completion_tokens_details.reasoning_tokens');
    const all = Number(at(answer, 'usage.completion_tokens'));
    must(isCount(reasoning) && reasoning <= all, `at most ${all} reasoning_tokens`, at(answer, 'usage'));
  }),
  thought('bounded', 'max_tokens bounds reasoning and answer together.', (answer) => {
    const used = at(answer, 'usage.completion_tokens');
    must(isCount(used) && used <= 16, 'at most 16 completion_tokens', used);
  }),
  thought(
    'whole',
    'With room enough both reasoning and answer come.',
    (answer) => {
      if (at(answer, 'choices.0.finish_reason') !== 'stop') skip(`not done after ${WHOLE_TOKENS} tokens`);
      const message = at(answer, 'choices.0.message');
      must(isText(at(message, 'content')) && isText(at(message, 'reasoning_content')), 'both', message);
    },
    WHOLE,
    'deep',
  ),
  {
    id: 'reasoning/effort-none',
    rule: 'reasoning_effort none switches thinking off.',
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const answer = readAnswer(await ask.chat({ thinking: undefined, reasoning_effort: 'none' }), 'thinking');
      must(!isText(at(answer, 'choices.0.message.reasoning_content')), 'no reasoning', at(answer, 'choices.0.message'));
    },
  },
  {
    id: 'reasoning/switch-wins',
    rule: 'thinking wins over reasoning_effort.',
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const answer = readAnswer(await ask.chat({ reasoning_effort: 'high' }), 'thinking');
      must(!isText(at(answer, 'choices.0.message.reasoning_content')), 'no reasoning', at(answer, 'choices.0.message'));
    },
  },
  {
    id: 'reasoning/levels',
    rule: `The levels ${LEVELS.join(', ')} are accepted.`,
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      for (const reasoning_effort of LEVELS)
        requireOk(await ask.chat({ ...THINKING, reasoning_effort, max_tokens: 1 }));
    },
  },
  {
    id: 'reasoning/stream-order',
    rule: 'In a stream all reasoning comes before the answer.',
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'deep',
    async check(ask) {
      const { deltas } = readStreamed(await ask.stream(WHOLE), 'thinking');
      const answer = deltas.findIndex((delta) => textAt(delta, 'content') !== '');
      if (answer === -1) skip(`no answer after ${WHOLE_TOKENS} tokens`);
      const late = deltas.slice(answer).find((delta) => textAt(delta, 'reasoning_content') !== '');
      must(late === undefined, 'no reasoning after the answer has begun', late);
    },
  },
  {
    id: 'reasoning/stream-apart',
    rule: 'A streamed piece is of the reasoning or of the answer, not of both.',
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const { deltas, reasoning } = readStreamed(await ask.stream(THINKING), 'thinking');
      must(reasoning !== '', 'deltas with reasoning_content', deltas[1]);
      const both = deltas.find((delta) => textAt(delta, 'reasoning_content') !== '' && textAt(delta, 'content') !== '');
      must(both === undefined, 'one of them', both);
    },
  },
  accepted('temperature', 'With thinking on temperature is accepted.', { ...THINKING, temperature: 0.3 }),
  accepted('sent-back', 'Earlier reasoning may be sent back.', { messages: [USER, THOUGHT, USER] }),
  accepted('sent-back-with-tools', 'With tools, earlier reasoning is sent back with the call.', {
    ...THINKING,
    messages: [ASKED, { ...ANSWERED[1], reasoning_content: 'I have to look.' }, ANSWERED[2]],
    tools: [GET_WEATHER],
  }),
  {
    id: 'reasoning/sent-back-free',
    rule: 'Without tools, earlier reasoning costs no tokens.',
    sources: SOURCES,
    profiles: DEEPSEEK,
    cost: 'cheap',
    async check(ask) {
      const withReasoning = await countPrompt(ask, [USER, THOUGHT, USER]);
      const without = await countPrompt(ask, [USER, { ...THOUGHT, reasoning_content: undefined }, USER]);
      must(withReasoning === without, `${without} prompt_tokens`, withReasoning);
    },
  },
  refused(
    'not-sent-back',
    'With tools and thinking, earlier reasoning that is not sent back is refused.',
    { messages: ANSWERED, tools: [GET_WEATHER] },
    'The `reasoning_content` in the thinking mode must be passed back to the API.',
  ),
  refused(
    'forced-call',
    'With thinking a call cannot be forced.',
    { messages: [ASKED], tools: [GET_WEATHER], tool_choice: 'required' },
    'Thinking mode does not support this tool_choice',
  ),
];

async function countPrompt(ask: Ask, messages: readonly unknown[]): Promise<unknown> {
  return at(readAnswer(await ask.chat({ messages, max_tokens: 1 })), 'usage.prompt_tokens');
}
