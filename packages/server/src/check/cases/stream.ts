/** The shape of a streamed answer. All cases but a few look at the same one. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, OPENAI, STRICT } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import type { Exchange } from '../http/exchange.js';
import { describeExchange, readAnswer, readChoice, readStreamed, requireRefusal } from '../read/answer.js';
import { at, has, isObject, listAt, textAt } from '../read/at.js';
import { DONE, type StreamReading, withChoices } from '../read/stream.js';
import type { SourceName } from '../sources.js';
import { DEEPSEEK_FINISH_REASONS, FINISH_REASONS } from './response.js';

const SOURCES: readonly SourceName[] = ['deepseek-chat', 'openai-stream'];

/** A rule about the plain stream. */
function streamed(
  name: string,
  rule: string,
  check: (stream: StreamReading, ask: Ask, exchange: Exchange) => void,
  more: Partial<CheckCase> = {},
): CheckCase {
  return {
    id: `stream/${name}`,
    rule,
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const exchange = await ask.stream();
      check(readStreamed(exchange), ask, exchange);
    },
    ...more,
  };
}

/** A rule that every chunk keeps. */
function everyChunk(name: string, rule: string, path: string, expected: unknown): CheckCase {
  return streamed(name, rule, ({ chunks }) => {
    const wrong = chunks.find((chunk) => isObject(chunk) && at(chunk, path) !== expected);
    must(wrong === undefined, `${path} ${show(expected)}`, wrong);
  });
}

/** A value that is the same in every chunk. */
function sameInAll(name: string, rule: string): CheckCase {
  return streamed(`same-${name}`, rule, ({ chunks }) => {
    const values = new Set(chunks.filter(isObject).map((chunk) => at(chunk, name)));
    must(values.size === 1 && !values.has(undefined), 'one value', [...values].slice(0, 5));
  });
}

export const STREAM_CASES: readonly CheckCase[] = [
  streamed(
    'content-type',
    'A streamed answer is text/event-stream.',
    (_, __, { headers }) => {
      const type = headers['content-type'] ?? 'none';
      must(/^text\/event-stream\b/i.test(type), 'content-type text/event-stream', type);
    },
    { sources: ['sse'] },
  ),
  streamed('json', 'The data of every event but the last is a JSON object.', ({ data, chunks }) => {
    const wrong = chunks.findIndex((chunk) => !isObject(chunk));
    must(wrong === -1, 'JSON objects', data[wrong]);
  }),
  streamed('done', 'The stream ends with the data [DONE].', ({ data }) => {
    must(data.includes(DONE), 'data: [DONE]', `an end after ${show(data.at(-1))}`);
  }),
  streamed('nothing-after-done', 'No data come after [DONE].', ({ data }) => {
    const after = data.includes(DONE) ? data.slice(data.indexOf(DONE) + 1) : [];
    must(after.length === 0, 'the end', after);
  }),
  streamed('data-only', 'Events have data alone: no event, id or retry. Comments are allowed.', (_, __, { text }) => {
    const other = text.split(/\r\n|\r|\n/).find((line) => line !== '' && !/^(?:data)?:/.test(line));
    must(other === undefined, 'data and comments', other);
  }),
  everyChunk('object', 'The object of every chunk is "chat.completion.chunk".', 'object', 'chat.completion.chunk'),
  sameInAll('id', 'All chunks have the same id.'),
  sameInAll('created', 'All chunks have the same created.'),
  sameInAll('model', 'All chunks name the same model.'),
  streamed('one-choice', 'A chunk has one choice, with the index 0.', ({ chunks }) => {
    const wrong = withChoices(chunks).find(
      (chunk) => listAt(chunk, 'choices').length !== 1 || at(chunk, 'choices.0.index') !== 0,
    );
    must(wrong === undefined, 'one choice with the index 0', wrong);
  }),
  streamed('role', 'The first delta has the role of the assistant.', ({ deltas }) => {
    must(at(deltas[0], 'role') === 'assistant', 'role "assistant"', deltas[0]);
  }),
  streamed('content', 'The content of a delta is a text or null.', ({ deltas }) => {
    const wrong = deltas.find((delta) => has(delta, 'content') && !isTextOrNull(at(delta, 'content')));
    must(wrong === undefined, 'texts', wrong);
  }),
  streamed('pieces', 'The answer comes in pieces.', ({ deltas }) => {
    const pieces = deltas.filter((delta) => textAt(delta, 'content') + textAt(delta, 'reasoning_content') !== '');
    should(pieces.length > 1, 'more than one piece', `${pieces.length} with text`);
  }),
  streamed('finish-once', 'Exactly one chunk has a finish_reason.', ({ finishReasons }) => {
    must(finishReasons.length === 1, 'one', finishReasons);
  }),
  streamed('finish-word', 'finish_reason is one of the words of the contract.', ({ finishReasons }, ask) => {
    const words: readonly unknown[] = ask.isDeepSeek ? DEEPSEEK_FINISH_REASONS : FINISH_REASONS;
    must(
      finishReasons.every((reason) => words.includes(reason)),
      words.join(', '),
      finishReasons,
    );
  }),
  streamed('finish-last', 'No text comes after the finish_reason.', ({ chunks }) => {
    const finish = chunks.findIndex((chunk) => (at(chunk, 'choices.0.finish_reason') ?? null) !== null);
    const late = finish === -1 ? [] : chunks.slice(finish + 1);
    must(
      late.every((chunk) => textAt(chunk, 'choices.0.delta.content') === ''),
      'no text',
      late,
    );
  }),
  {
    id: 'stream/utf8',
    rule: 'No character is cut in two by the border of an event.',
    sources: ['sse'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const messages = [{ role: 'user', content: 'Repeat: Grüße 東京 👩‍💻 «naïve»' }];
      const exchange = await ask.stream({ messages, temperature: 0 });
      readStreamed(exchange);
      must(!exchange.text.includes('\ufffd'), 'whole characters', exchange.text);
    },
  },
  {
    id: 'stream/usage',
    rule: 'With include_usage the stream ends with usage.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { usage, chunks } = await readWithUsage(ask);
      must(isObject(usage), 'usage in the last chunk', chunks.at(-1));
      must(isObject(at(chunks.at(-1), 'usage')), 'usage in the last chunk', chunks.at(-1));
    },
  },
  {
    id: 'stream/usage-null',
    rule: 'With include_usage every chunk before the last has usage null.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { chunks } = await readWithUsage(ask);
      const early = chunks.slice(0, -1);
      // Parsers take running counts and absent keys alike.
      const wrong = early.find((chunk) => !isObject(chunk) || chunk.usage !== null);
      should(wrong === undefined, 'usage null', wrong);
    },
  },
  {
    id: 'stream/usage-sum',
    rule: 'The total of a stream is the sum of prompt and answer.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { usage } = await readWithUsage(ask);
      const sum = Number(at(usage, 'prompt_tokens')) + Number(at(usage, 'completion_tokens'));
      must(at(usage, 'total_tokens') === sum, `total_tokens ${sum}`, usage);
    },
  },
  {
    id: 'stream/usage-as-buffered',
    rule: 'The prompt of a stream costs as many tokens as that of the same buffered answer.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { usage } = await readWithUsage(ask);
      const buffered = at(readAnswer(await ask.chat()), 'usage.prompt_tokens');
      must(at(usage, 'prompt_tokens') === buffered, `prompt_tokens ${show(buffered)}`, usage);
    },
  },
  streamed(
    'usage-always',
    'Without include_usage the last chunk has usage too.',
    ({ usage, chunks }) => must(isObject(usage), 'usage', chunks.at(-1)),
    { profiles: DEEPSEEK, sources: ['deepseek-chat'] },
  ),
  streamed(
    'usage-unasked',
    'Without include_usage no chunk has usage.',
    ({ usage }) => should(usage === undefined, 'none', usage),
    { profiles: OPENAI, sources: ['openai-stream'] },
  ),
  {
    id: 'stream/usage-with-finish',
    rule: 'usage is on the chunk with the finish_reason; no chunk without choices follows.',
    sources: ['deepseek-chat'],
    profiles: STRICT,
    cost: 'cheap',
    async check(ask) {
      const last = (await readWithUsage(ask)).chunks.at(-1);
      must(has(last, 'choices.0') && isObject(at(last, 'usage')), 'a choice and usage', last);
    },
  },
  {
    id: 'stream/as-buffered',
    rule: 'Put together, the pieces are the buffered answer.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    check: checkFold,
  },
  {
    id: 'stream/refusal',
    rule: 'What is refused is refused before the stream begins, with its status.',
    sources: ['openai-sdk'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.stream({ messages: [{ role: 'no-such-role', content: 'Hi' }] });
      must(exchange.status !== 200, 'status 400', describeExchange(exchange));
      requireRefusal(exchange, [400, 422]);
    },
  },
];

async function readWithUsage(ask: Ask): Promise<StreamReading> {
  return readStreamed(await ask.stream({ stream_options: { include_usage: true } }));
}

/** What is decoded greedily is the same every time, where an engine is exact; where it is not, nothing can be seen. */
async function checkFold(ask: Ask): Promise<void> {
  const greedy = { temperature: 0, seed: 1 };
  const { content, reasoning, finishReasons } = readStreamed(await ask.stream(greedy));
  const folded = { content, reasoning, finish: finishReasons[0] };
  const buffered = readWhole(readChoice(await ask.chat(greedy)));
  if (show(folded) === show(buffered)) return;
  const second = readWhole(readChoice(await ask.chat(greedy, { again: 1 })));
  if (show(second) !== show(buffered)) skip('the endpoint answers differently every time at temperature 0');
  must(show(folded) === show(second), show(buffered), folded);
}

function readWhole(choice: unknown) {
  return {
    content: textAt(choice, 'message.content'),
    reasoning: textAt(choice, 'message.reasoning_content'),
    finish: at(choice, 'finish_reason'),
  };
}

function isTextOrNull(value: unknown): boolean {
  return typeof value === 'string' || value === null;
}
