/** Answers in a form that was asked for: JSON, and probabilities of tokens. */
import type { Ask, Fields } from '../ask.js';
import { type CheckCase, EVERY, LENIENT } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import { readAnswer, readStreamed } from '../read/answer.js';
import { at, isObject, isText, listAt, parseJson, textAt } from '../read/at.js';
import { withChoices } from '../read/stream.js';
import type { SourceName } from '../sources.js';

/** Enough for a small object, reasoning left out, in tokens. */
const JSON_TOKENS = 200;

const CAT = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 12 }, age: { type: 'integer', minimum: 0, maximum: 30 } },
  required: ['name', 'age'],
  additionalProperties: false,
} as const;

const CHAT: readonly SourceName[] = ['deepseek-chat', 'openai-answer'];
const LOGPROBS = { logprobs: true, top_logprobs: 2 } as const;

/** A rule about the tokens of an answer that has their probabilities. */
function withTokens(
  name: string,
  rule: string,
  check: (tokens: readonly unknown[], content: string) => void,
): CheckCase {
  return {
    id: `response/${name}`,
    rule,
    sources: CHAT,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const answer = readAnswer(await ask.chat(LOGPROBS), 'logprobs');
      if (textAt(answer, 'choices.0.message.content') === '') skip('the model wrote nothing');
      const tokens = at(answer, 'choices.0.logprobs.content');
      must(Array.isArray(tokens) && tokens.length > 0, 'logprobs.content as a list', at(answer, 'choices.0.logprobs'));
      check(tokens, textAt(answer, 'choices.0.message.content'));
    },
  };
}

export const STRUCTURED_CASES: readonly CheckCase[] = [
  withTokens('logprobs', 'With logprobs every token has its text and the logarithm of its probability.', (tokens) => {
    const wrong = tokens.find((token) => typeof at(token, 'token') !== 'string' || !isLogarithm(at(token, 'logprob')));
    must(wrong === undefined, 'token and a logprob of at most 0', wrong);
  }),
  withTokens('logprobs-content', 'The tokens of logprobs make up the content.', (tokens, content) => {
    const bytes = tokens.flatMap((token) => listAt(token, 'bytes') as readonly number[]);
    const spelt = Buffer.from(bytes).toString('utf8') || tokens.map((token) => textAt(token, 'token')).join('');
    // The token that ends the turn, and spaces that are cut off, do no harm.
    must(spelt.includes(content.trim()), show(content), spelt);
  }),
  withTokens('top-logprobs', 'top_logprobs gives as many alternatives to each token as were asked for.', (tokens) => {
    const wrong = tokens.find((token) => {
      const alternatives = at(token, 'top_logprobs');
      return (
        !Array.isArray(alternatives) ||
        alternatives.length > 2 ||
        !alternatives.every((each) => isLogarithm(at(each, 'logprob')))
      );
    });
    must(wrong === undefined, 'up to 2 alternatives', wrong);
  }),
  {
    id: 'stream/logprobs',
    rule: 'A stream with logprobs has them in its chunks.',
    sources: ['deepseek-chat', 'openai-stream'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { chunks, content } = readStreamed(await ask.stream(LOGPROBS), 'logprobs');
      if (content === '') skip('the model wrote nothing');
      const tokens = withChoices(chunks).flatMap((chunk) => listAt(chunk, 'choices.0.logprobs.content'));
      must(
        tokens.length > 0 && tokens.every((token) => isLogarithm(at(token, 'logprob'))),
        'tokens with logprobs',
        tokens,
      );
    },
  },
  {
    id: 'response/json-object',
    rule: 'An answer in JSON mode that ended by itself is a JSON object.',
    sources: ['deepseek-json', 'openai-json'],
    profiles: EVERY,
    cost: 'deep',
    async check(ask) {
      const value = await readValue(ask, { response_format: { type: 'json_object' } });
      must(isObject(value), 'an object', value);
    },
  },
  {
    id: 'response/json-schema',
    rule: 'An answer to a JSON schema that ended by itself keeps the schema.',
    sources: ['openai-json'],
    profiles: LENIENT,
    cost: 'deep',
    async check(ask) {
      const json_schema = { name: 'cat', strict: true, schema: CAT };
      const value = await readValue(ask, { response_format: { type: 'json_schema', json_schema } });
      must(isObject(value), 'an object', value);
      const age = at(value, 'age');
      must(isText(at(value, 'name')) || at(value, 'name') === '', 'a name', value);
      must(Number.isInteger(age) && Object.keys(value).length === 2, 'name and age alone', value);
      should(Number(age) >= 0 && Number(age) <= 30, 'an age from 0 to 30', value);
    },
  },
];

function isLogarithm(value: unknown): boolean {
  return typeof value === 'number' && value <= 0;
}

async function readValue(ask: Ask, fields: Fields): Promise<unknown> {
  const messages = [{ role: 'user', content: 'Describe a cat in JSON with the keys name and age. Be short.' }];
  const answer = readAnswer(await ask.chat({ messages, max_tokens: JSON_TOKENS, ...fields }), 'JSON of this kind');
  const content = textAt(answer, 'choices.0.message.content');
  if (at(answer, 'choices.0.finish_reason') !== 'stop') skip(`the answer was cut after ${JSON_TOKENS} tokens`);
  // DeepSeek's documents say that this happens.
  if (content.trim() === '') skip('the answer is empty');
  const value = parseJson(content);
  must(value !== undefined, 'JSON', content);
  return value;
}
