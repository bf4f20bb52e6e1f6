/** What a request has to fit into, and the most that it can cost. */
import { scopesOf } from '#server/accounts/tier.js';
import { requireTier } from '#server/http/show-limits.js';
import { quoteRequest } from '#server/inference/quote.js';
import { makeBodies } from '../bodies.js';
import { describeWork } from './describe.js';
import type { OpenSteps } from './index.js';

export const openQuote: OpenSteps = (scene) => {
  const { platform, caller } = scene;
  const tier = requireTier(platform, caller.account);
  const limitedKey = { ...caller.key, limits: { requestsPerMinute: 1000 } };
  const scopes = scopesOf(tier, caller.account, caller.key, 'deepseek-chat');
  const rates = platform.prices.ratesOf('deepseek-chat', platform.clock.now());
  return [
    { name: 'one scope', run: () => scopesOf(tier, caller.account, caller.key, 'deepseek-chat') },
    { name: 'two scopes', run: () => scopesOf(tier, caller.account, limitedKey, 'deepseek-chat') },
    { name: 'the rates of the model', run: () => platform.prices.ratesOf('deepseek-chat', platform.clock.now()) },
    ...makeBodies().map(({ name, bytes }) => {
      const work = describeWork(scene, bytes);
      return { name: `quote ${name}`, run: () => quoteRequest({ work, scopes, rates, typicalAnswerTokens: 100 }) };
    }),
  ];
};
