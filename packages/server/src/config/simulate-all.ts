/** What a configuration becomes when the simulated engine answers for everything. */
import { type ModelEntry, type PriceSettings, SIMULATED_POOL } from '../catalog/model-entry.js';
import type { Settings } from './settings.js';

/** For a million tokens, in any currency: what a flash model of DeepSeek costs off-peak (contract section 1.6). */
const PRICE: PriceSettings = { input_cache_hit: 0.003, input_cache_miss: 0.15, output: 0.6 };

/** Asked for by the names that clients of OpenAI know. */
const EMBEDDING_MODEL: ModelEntry = {
  id: 'text-embedding',
  aliases: ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
  pool: SIMULATED_POOL,
  kind: 'embeddings',
  thinking: 'disabled',
  owned_by: 'plumb',
};

/**
 * The settings themselves unless `simulate.enabled`. Then every model is answered by the simulated engine: no pool is
 * opened, no model is fetched. Where nothing has a price everything gets one, so that balances move.
 */
export function simulateAll(settings: Settings): Settings {
  if (!settings.simulate.enabled) return settings;
  const isPriced = settings.models.some(({ price }) => price !== undefined);
  const models = withEmbeddings(settings.models).map((model) => ({
    ...model,
    pool: SIMULATED_POOL,
    ...(!isPriced && { price: PRICE }),
  }));
  const { model: _model, ...embeddings } = settings.embeddings;
  return { ...settings, models, pools: {}, embeddings };
}

/** The models with one for embeddings, as far as its names are free. */
function withEmbeddings(models: readonly ModelEntry[]): ModelEntry[] {
  if (models.some(({ kind }) => kind === 'embeddings')) return [...models];
  const taken = new Set(models.flatMap(({ id, aliases }) => [id, ...aliases]));
  const [id, ...aliases] = [EMBEDDING_MODEL.id, ...EMBEDDING_MODEL.aliases].filter((name) => !taken.has(name));
  return id === undefined ? [...models] : [...models, { ...EMBEDDING_MODEL, id, aliases }];
}
