/** The configuration of the server under soak: two pools, prices, limits that some requests run into, a full log. */

/** Unique among the models; its engine is broken by its requests, so that no other one suffers. */
export const BROKEN_MODEL = 'deepseek-broken';
export const MODEL = 'deepseek-chat';

/** For so long answers are kept for their keys, in s: short, so that a soak sees them go as well as come. */
const RETENTION_S = 60;

/** @param upstream The address of the stub. */
export function makeSettings(upstream: string): object {
  const price = { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 };
  const engine = { kind: 'openai', url: upstream, model: 'stub', context_tokens: 131_072, concurrent_requests: 4096 };
  return {
    pools: { stub: { engines: { one: engine } }, broken: { engines: { one: engine }, retries: 0 } },
    models: [
      { id: MODEL, pool: 'stub', thinking: 'disabled', price },
      { id: BROKEN_MODEL, pool: 'broken', thinking: 'disabled', price },
    ],
    tiers: {
      soak: {
        requests_per_minute: 1_000_000,
        tokens_per_minute: 1_000_000_000,
        concurrent_requests: 10_000,
        // Broken requests are more than these: some of them are refused by the limiter.
        models: { [BROKEN_MODEL]: { requests_per_minute: 300 } },
      },
    },
    default_tier: 'soak',
    idempotency: { retention_s: RETENTION_S },
    log: { level: 'info' },
  };
}
