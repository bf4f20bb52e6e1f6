/** What a request has to fit into, and the most that it can cost. */
import { parseJsonBody, readChatRequest } from '@plumb/wire';
import { scopesOf } from '#server/accounts/tier.js';
import { requireTier } from '#server/http/show-limits.js';
import { CHAT_FORM } from '#server/inference/answer-form.js';
import { describeGeneration } from '#server/inference/describe-generation.js';
import { quoteRequest } from '#server/inference/quote.js';
import { makeBodies } from '../bodies.js';
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
      const request = readChatRequest(parseJsonBody(bytes), bytes);
      // Another object each time: the length of a prompt is looked up once a request.
      const describe = () => describeGeneration(scene.context, { request: { ...request }, form: CHAT_FORM });
      const run = () => quoteRequest({ work: describe(), scopes, rates, typicalAnswerTokens: 100 });
      return { name: `describe and quote ${name}`, run };
    }),
  ];
};
