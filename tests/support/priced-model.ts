/** A model that costs something, as settings of a test have it. */
import type { ModelEntry } from '#server/catalog/catalog.js';

/** Units for a million tokens: a prompt token costs 1, one from the cache 0.1, one of the answer 2 millionths. */
export const PRICE = { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 };

export const PRICED_MODEL: ModelEntry = {
  id: 'deepseek-chat',
  aliases: [],
  pool: 'embedded',
  thinking: 'disabled',
  owned_by: 'test',
  price: PRICE,
};
