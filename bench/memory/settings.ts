/** The configuration of the servers that are looked at. */

export const MODEL = 'deepseek-chat';

/** @param upstream The address of the stub. */
export function makeSettings(upstream: string): object {
  const engine = {
    kind: 'openai',
    url: upstream,
    model: 'stub',
    context_tokens: 1_048_576,
    concurrent_requests: 50_000,
  };
  const price = { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 };
  return {
    pools: { stub: { engines: { one: engine } } },
    models: [{ id: MODEL, pool: 'stub', thinking: 'disabled', price }],
    tiers: {
      bench: { requests_per_minute: 10_000_000, tokens_per_minute: 100_000_000_000, concurrent_requests: 100_000 },
    },
    default_tier: 'bench',
    // Open streams are not waited for when a part is over.
    http: { drain_timeout_s: 1 },
    // A million accounts without money are to be served.
    billing: { require_balance: false },
  };
}
