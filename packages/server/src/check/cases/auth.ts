/** Who may ask: requests without a key, with a wrong one, and what the refusal says. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY, STRICT } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import type { Exchange } from '../http/exchange.js';
import { describeExchange, messageOf, requireRefusal } from '../read/answer.js';
import { at, parseJson } from '../read/at.js';

/** Nobody's key. */
const WRONG_KEY = 'sk-00000000000000000000000000000000';

const WITHOUT_KEY = { path: '/models', authorization: null } as const;
const WITH_WRONG_KEY = { path: '/models', authorization: `Bearer ${WRONG_KEY}` } as const;

export const AUTH_CASES: readonly CheckCase[] = [
  {
    id: 'auth/missing-key',
    rule: 'A request without a key is refused with 401.',
    sources: ['deepseek-errors', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await ask.send(WITHOUT_KEY);
      should(exchange.status !== 200, 'status 401', 'status 200: the endpoint asks nobody for a key');
      requireRefusal(exchange, [401]);
    },
  },
  {
    id: 'auth/wrong-key',
    rule: 'A request with a key that does not exist is refused with 401.',
    sources: ['deepseek-errors', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    check: async (ask) => requireRefusal(await askWithWrongKey(ask), [401]),
  },
  {
    id: 'auth/chat-wrong-key',
    rule: 'A chat with a key that does not exist is refused with 401, whatever else is wrong with it.',
    sources: ['deepseek-errors', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      await requireKeys(ask);
      requireRefusal(await ask.chat({ model: 'x', messages: [] }, { authorization: `Bearer ${WRONG_KEY}` }), [401]);
    },
  },
  {
    id: 'auth/other-scheme',
    rule: 'A key by another scheme than Bearer is refused with 401.',
    sources: ['deepseek-seen', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      await requireKeys(ask);
      requireRefusal(await ask.send({ path: '/models', authorization: 'Basic eng6MDAwMA==' }), [401]);
    },
  },
  {
    id: 'auth/empty-key',
    rule: 'A bearer token that is empty is refused with 401.',
    sources: ['deepseek-seen', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      await requireKeys(ask);
      requireRefusal(await ask.send({ path: '/models', authorization: 'Bearer ' }), [401]);
    },
  },
  {
    id: 'auth/wrong-key-envelope',
    rule: 'The refusal of a wrong key is an error object in JSON.',
    sources: ['deepseek-errors', 'openai-sdk'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await askWithWrongKey(ask);
      const message = at(parseJson(exchange.text), 'error.message');
      must(typeof message === 'string' && message !== '', '{"error":{"message":"…"}}', describeExchange(exchange));
    },
  },
  {
    id: 'auth/key-not-repeated',
    rule: 'The refusal of a wrong key does not repeat the whole key.',
    sources: ['deepseek-seen', 'openai-errors'],
    profiles: EVERY,
    cost: 'free',
    async check(ask) {
      const exchange = await askWithWrongKey(ask);
      must(!exchange.text.includes(WRONG_KEY), 'at most its last characters', exchange.text);
    },
  },
  {
    id: 'auth/type',
    rule: 'The error of a wrong key has the type authentication_error.',
    sources: ['deepseek-seen'],
    profiles: DEEPSEEK,
    cost: 'free',
    async check(ask) {
      const type = at(parseJson((await askWithWrongKey(ask)).text), 'error.type');
      must(type === 'authentication_error', '"authentication_error"', show(type));
    },
  },
  {
    id: 'auth/before-routing',
    rule: 'The key is looked at before the path: an unknown path without a key is 401, not 404.',
    sources: ['deepseek-seen'],
    profiles: DEEPSEEK,
    cost: 'free',
    async check(ask) {
      await requireKeys(ask);
      requireRefusal(await ask.send({ path: '/nothing-is-here', authorization: null }), [401]);
    },
  },
  {
    id: 'auth/words-wrong-key',
    rule: 'The refusal of a wrong key is worded as DeepSeek does, with its last four characters.',
    sources: ['deepseek-seen'],
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const expected = 'Authentication Fails, Your api key: ****0000 is invalid';
      const message = messageOf(await askWithWrongKey(ask));
      // Since October 2026 an id of the request follows.
      must(message.startsWith(expected), expected, message);
    },
  },
  {
    id: 'auth/words-missing-key',
    rule: 'The refusal of a missing key is the plain text of DeepSeek.',
    sources: ['deepseek-seen'],
    profiles: STRICT,
    cost: 'free',
    async check(ask) {
      const { text } = await ask.send(WITHOUT_KEY);
      must(text === 'Authentication Fails (governor)', 'Authentication Fails (governor)', text);
    },
  },
];

/** Whether a wrong key matters can only be seen where keys do. */
async function requireKeys(ask: Ask): Promise<void> {
  const { status } = await ask.send(WITHOUT_KEY);
  if (status === 200) skip('the endpoint asks nobody for a key');
}

async function askWithWrongKey(ask: Ask): Promise<Exchange> {
  await requireKeys(ask);
  return ask.send(WITH_WRONG_KEY);
}
