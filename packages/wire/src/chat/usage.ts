/** What a generation cost, in tokens: the numbers that are billed. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';

const count = Type.Integer({ minimum: 0 });

/** Tokens of one request. `prompt_tokens` is the sum of cache hits and misses; `completion_tokens` includes reasoning. */
export const Usage = Type.Object(
  {
    prompt_tokens: Type.Integer({ minimum: 0, description: 'Tokens of the prompt: cache hits and misses together.' }),
    completion_tokens: Type.Integer({ minimum: 0, description: 'Tokens generated, reasoning included.' }),
    total_tokens: Type.Integer({ minimum: 0, description: 'Prompt and completion together.' }),
    prompt_tokens_details: Type.Object(
      { cached_tokens: Type.Integer({ minimum: 0, description: 'The same number as `prompt_cache_hit_tokens`.' }) },
      { title: 'PromptTokensDetails' },
    ),
    completion_tokens_details: Type.Optional(
      Type.Object(
        { reasoning_tokens: count },
        { title: 'CompletionTokensDetails', description: 'Only with thinking.' },
      ),
    ),
    prompt_cache_hit_tokens: count,
    prompt_cache_miss_tokens: count,
  },
  { title: 'Usage' },
);
/** Tokens of one request. `prompt_tokens` is the sum of cache hits and misses; `completion_tokens` includes reasoning. */
export type Usage = Static<typeof Usage>;
