/** The cache of prompts, as usage tells of it. */
import type { Ask } from '../ask.js';
import { type CheckCase, DEEPSEEK, EVERY } from '../case.js';
import { must, should, skip } from '../finding.js';
import { readAnswer, readStreamed } from '../read/answer.js';
import { at, has, isCount } from '../read/at.js';

/** Words of a prompt that is long enough for every cache that is known: some 1500 tokens. */
const LONG_WORDS = 1000;

const SHARED = { sources: ['deepseek-cache'], profiles: DEEPSEEK, cost: 'cheap' } as const;

export const CACHE_CASES: readonly CheckCase[] = [
  {
    ...SHARED,
    id: 'cache/counts',
    rule: 'usage counts the tokens that were found in the cache and those that were not.',
    async check(ask) {
      const usage = at(readAnswer(await ask.chat()), 'usage');
      const counts = [at(usage, 'prompt_cache_hit_tokens'), at(usage, 'prompt_cache_miss_tokens')];
      must(counts.every(isCount), 'two whole numbers', usage);
    },
  },
  {
    ...SHARED,
    id: 'cache/sum',
    rule: 'Found and not found add up to the tokens of the prompt.',
    check: async (ask) => checkSum(at(readAnswer(await ask.chat()), 'usage')),
  },
  {
    ...SHARED,
    id: 'cache/stream-sum',
    rule: 'They add up in a stream too.',
    check: async (ask) => checkSum(readStreamed(await ask.stream()).usage),
  },
  {
    ...SHARED,
    id: 'cache/cached-tokens',
    rule: 'prompt_tokens_details.cached_tokens is the number that was found.',
    async check(ask) {
      const usage = at(readAnswer(await ask.chat()), 'usage');
      const cached = at(usage, 'prompt_tokens_details.cached_tokens');
      must(cached === at(usage, 'prompt_cache_hit_tokens'), 'the same as prompt_cache_hit_tokens', usage);
    },
  },
  {
    id: 'cache/cached-at-most',
    rule: 'Where usage tells of cached tokens, they are no more than the prompt.',
    sources: ['openai-answer'],
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const usage = at(readAnswer(await ask.chat()), 'usage');
      if (!has(usage, 'prompt_tokens_details.cached_tokens')) skip('usage does not tell');
      const cached = at(usage, 'prompt_tokens_details.cached_tokens');
      must(isCount(cached) && cached <= Number(at(usage, 'prompt_tokens')), 'at most prompt_tokens', usage);
    },
  },
  {
    ...SHARED,
    cost: 'deep',
    id: 'cache/hit',
    rule: 'A long prompt that comes again is found in the cache.',
    async check(ask) {
      const content = longText(`again ${ask.nonce}`);
      await countHits(ask, content, 'one', 0);
      // The hosted API needs seconds to build it, and promises nothing.
      should((await countHits(ask, content, 'one', 1)) > 0, 'hits the second time', 'none');
    },
  },
  {
    ...SHARED,
    cost: 'deep',
    id: 'cache/apart',
    rule: 'What one user_id has sent is not found for another.',
    async check(ask) {
      const content = longText(`apart ${ask.nonce}`);
      await countHits(ask, content, 'one', 0);
      const hits = await countHits(ask, content, 'two', 0);
      must(hits === 0, 'no hits for another user_id', `${hits} tokens`);
    },
  },
];

function checkSum(usage: unknown): void {
  const sum = Number(at(usage, 'prompt_cache_hit_tokens')) + Number(at(usage, 'prompt_cache_miss_tokens'));
  must(at(usage, 'prompt_tokens') === sum, `prompt_tokens ${sum}`, usage);
}

/** A text that no earlier run has sent. It differs from its first words on, because beginnings are what is kept. */
function longText(beginning: string): string {
  return `${beginning}: ${Array.from({ length: LONG_WORDS }, (_, index) => `word${index % 100}`).join(' ')}`;
}

async function countHits(ask: Ask, content: string, user: string, again: number): Promise<number> {
  const fields = { messages: [{ role: 'user', content }], user_id: `check-${user}`, max_tokens: 1 };
  const exchange = await ask.chat(fields, { again });
  if (exchange.status === 400) skip('a prompt of some 1500 tokens does not fit');
  return Number(at(readAnswer(exchange), 'usage.prompt_cache_hit_tokens') ?? 0);
}
