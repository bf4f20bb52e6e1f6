/** What the servers of the benchmark are configured with. */
import type { ScenarioLimits } from '../scenarios.js';

/** The model that is measured, and one that is warmed up with, whose limits are its own. */
export const MODEL = 'deepseek-chat';
export const WARM_UP_MODEL = 'warm-up';

const UNLIMITED = 1_000_000_000;

/** The tier with the limits of a scenario. */
export function tierOf({ requestsPerMinute, tokensPerMinute, concurrency }: ScenarioLimits): object {
  return {
    ...(requestsPerMinute !== undefined && { requests_per_minute: requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokens_per_minute: tokensPerMinute }),
    ...(concurrency !== undefined && { concurrent_requests: concurrency }),
    models: {
      [WARM_UP_MODEL]: {
        requests_per_minute: UNLIMITED,
        tokens_per_minute: UNLIMITED,
        concurrent_requests: UNLIMITED,
      },
    },
  };
}
