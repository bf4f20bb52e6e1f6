/** What the requests of the benchmark used. */
import type { Usage } from '@plumb/wire';

export const USAGE: Usage = {
  prompt_tokens: 100,
  completion_tokens: 50,
  total_tokens: 150,
  prompt_tokens_details: { cached_tokens: 40 },
  prompt_cache_hit_tokens: 40,
  prompt_cache_miss_tokens: 60,
};
