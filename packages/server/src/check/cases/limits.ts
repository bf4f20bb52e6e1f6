/** What the endpoint says of its limits, and what happens beyond them. */
import type { Ask } from '../ask.js';
import { type CheckCase, EVERY, OPENAI } from '../case.js';
import { must, should, skip } from '../finding.js';
import type { Exchange } from '../http/exchange.js';
import { BrokenConnection } from '../http/send-request.js';
import { describeExchange, requireRefusal } from '../read/answer.js';
import { at, isObject, parseJson } from '../read/at.js';
import { contextWindowOf } from './models.js';

const AXES = ['requests', 'tokens'] as const;
/** How many requests are sent at once to meet a limit. */
const BURST = 24;
/** The longest prompt that is sent to overflow a context, in tokens: more would cost a lot where it is answered. */
const CONTEXT_TRIED_MAX_TOKENS = 200_000;
/** A body that is larger than DeepSeek takes (48 MiB). */
const OVERSIZE_BYTES = 49 * 1024 * 1024;

const FIELDS = ['limit', 'remaining', 'reset'] as const;

/** A rule about the headers that an answer has, where it has any. */
function shown(name: string, rule: string, check: (headers: Exchange['headers'], axis: string) => void): CheckCase {
  return {
    id: `limits/${name}`,
    rule,
    sources: ['openai-limits'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const { headers } = await ask.chat();
      const axes = AXES.filter((axis) => FIELDS.some((field) => headers[`x-ratelimit-${field}-${axis}`] !== undefined));
      if (axes.length === 0) skip('no x-ratelimit headers');
      for (const axis of axes) check(headers, axis);
    },
  };
}

export const LIMITS_CASES: readonly CheckCase[] = [
  shown('headers', 'Who shows a limit also shows what remains of it and when it is whole again.', (headers, axis) => {
    const missing = FIELDS.map((field) => `x-ratelimit-${field}-${axis}`).filter((name) => headers[name] === undefined);
    must(missing.length === 0, 'all three headers', `without ${missing.join(', ')}`);
  }),
  shown('remaining', 'What remains is a whole number, and no more than the limit.', (headers, axis) => {
    const [limit, remaining] = [headers[`x-ratelimit-limit-${axis}`], headers[`x-ratelimit-remaining-${axis}`]];
    must(/^\d+$/.test(remaining ?? '') && /^\d+$/.test(limit ?? ''), 'whole numbers', `${remaining} of ${limit}`);
    must(Number(remaining) <= Number(limit), 'no more than the limit', `${remaining} of ${limit}`);
  }),
  shown('reset', 'When a limit is whole again is written as 120ms, 8.64s or 6m0s.', (headers, axis) => {
    const reset = headers[`x-ratelimit-reset-${axis}`] ?? '';
    // Some write plain seconds, which clients read as well.
    should(/[a-z]$/.test(reset) || !/^\d+(?:\.\d+)?$/.test(reset), 'a time with its unit', reset);
    must(
      /^(?=\d)(?:\d+h)?(?:\d+m(?!s))?(?:\d+(?:\.\d+)?s)?(?:\d+(?:\.\d+)?ms)?$/.test(reset),
      'a time with its unit',
      reset,
    );
  }),
  {
    id: 'limits/retry-after',
    rule: 'A refusal for a limit says in Retry-After when to come again.',
    sources: ['openai-limits', 'http'],
    profiles: OPENAI,
    cost: 'deep',
    alone: true,
    async check(ask) {
      const { headers } = await provoke(ask);
      if (headers['x-should-retry'] === 'false') skip('the request can never fit, and the refusal says so');
      const retryAfter = headers['retry-after'];
      should(retryAfter !== undefined, 'retry-after', 'none');
      must(/^\d+$/.test(retryAfter) || Number.isFinite(Date.parse(retryAfter)), 'seconds or a date', retryAfter);
    },
  },
  {
    id: 'limits/refusal',
    rule: 'A refusal for a limit is an error object.',
    sources: ['openai-limits', 'deepseek-limits'],
    profiles: EVERY,
    cost: 'deep',
    alone: true,
    async check(ask) {
      const exchange = await provoke(ask);
      must(isObject(at(parseJson(exchange.text), 'error')), '{"error":{…}}', describeExchange(exchange));
    },
  },
  {
    id: 'limits/context',
    rule: 'A prompt that does not fit the context is refused.',
    sources: ['deepseek-errors', 'openai-errors'],
    profiles: EVERY,
    cost: 'deep',
    alone: true,
    async check(ask) {
      const context = await contextWindowOf(ask);
      if (context === undefined) skip('the endpoint does not tell the context of the model');
      if (context > CONTEXT_TRIED_MAX_TOKENS)
        skip(`a prompt of more than ${CONTEXT_TRIED_MAX_TOKENS} tokens is not tried`);
      const content = 'a b c d '.repeat(Math.ceil(context / 4) + 8);
      requireRefusal(await ask.chat({ messages: [{ role: 'user', content }], max_tokens: 1 }), [400], [413]);
    },
  },
  {
    id: 'limits/oversize',
    rule: 'A body of more than 48 MiB is refused.',
    sources: ['deepseek-chat', 'http'],
    profiles: EVERY,
    cost: 'deep',
    alone: true,
    async check(ask) {
      const body = `{"model":"x"${' '.repeat(OVERSIZE_BYTES)}}`;
      const exchange = await ask.send({ path: '/chat/completions', body }).catch((error: unknown) => {
        // A server that closes while it is still sent to takes its own answer away; clients see that nothing was done.
        should(!(error instanceof BrokenConnection), 'status 413', 'a connection that broke');
        throw error;
      });
      requireRefusal(exchange, [413, 400]);
    },
  },
];

/** Meets a limit, if there is one that many small requests at once meet. */
async function provoke(ask: Ask): Promise<Exchange> {
  const sent = Array.from({ length: BURST }, (_, again) =>
    ask.chat({ max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] }, { again: again + 1, wantsRefusal: true }),
  );
  const refusal = (await Promise.all(sent)).find(({ status }) => status === 429);
  return refusal ?? skip(`${BURST} requests at once met no limit`);
}
