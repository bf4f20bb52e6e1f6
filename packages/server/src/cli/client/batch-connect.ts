/** The endpoint of a batch: a kit with the limits that the command line names, and what it tells while it works. */
import { createKit, type Endpoint, type Fetch, type LimiterSnapshot, type Limits } from '@plumb/client';
import { packageVersion } from '../../assemble/package-version.js';
import type { Target } from './resolve-endpoint.js';

export interface BatchConnection {
  readonly endpoint: Endpoint;
  /** What its limiter knows; undefined before the first request. */
  readonly limiter: { snapshot(): LimiterSnapshot | undefined };
  /** Requests that it has sent again, refusals for limits not counted. */
  readonly retries: () => number;
  /** Whether a call waits for the limits or for another try, by its idempotency key. */
  readonly isWaiting: (idempotencyKey: string) => boolean;
}

/** @param fetch What the kit sends with. */
export function connectBatch(
  { baseUrl, key }: Target,
  limits: Limits,
  fetch: Fetch = globalThis.fetch,
): BatchConnection {
  let retries = 0;
  const calls = new SentCalls();
  const kit = createKit({
    baseURL: baseUrl,
    apiKey: key.key,
    limits,
    fetch: calls.noting(fetch),
    onEvent: ({ type }) => {
      if (type === 'retry') retries += 1;
    },
  });
  const headers = () => ({ ...kit.headers(), 'user-agent': `plumb/${packageVersion()}` });
  return {
    endpoint: { baseUrl: kit.baseUrl, headers, fetch: calls.forgetting(kit.fetch) },
    limiter: { snapshot: () => busiest(kit.report().limiters) },
    retries: () => retries,
    isWaiting: (idempotencyKey) => calls.isWaiting(idempotencyKey),
  };
}

/** Which of the calls that are open have been sent. */
class SentCalls {
  readonly #isSent = new Map<string, boolean>();

  isWaiting(idempotencyKey: string): boolean {
    return this.#isSent.get(idempotencyKey) === false;
  }

  /** What the kit sends with. An attempt that failed is as good as not sent. */
  noting(fetch: Fetch): Fetch {
    return async (input, init) => {
      const key = keyOf(init);
      this.#isSent.set(key, true);
      try {
        const response = await fetch(input, init);
        if (!response.ok) this.#isSent.set(key, false);
        return response;
      } catch (error) {
        this.#isSent.set(key, false);
        throw error;
      }
    };
  }

  /** What the batch sends with: once it has its answer, nothing of a call is known any more. */
  forgetting(fetch: Fetch): Fetch {
    return async (input, init) => {
      const key = keyOf(init);
      this.#isSent.set(key, false);
      try {
        return await fetch(input, init);
      } finally {
        this.#isSent.delete(key);
      }
    };
  }
}

function keyOf(init: RequestInit | undefined): string {
  return new Headers(init?.headers).get('idempotency-key') ?? '';
}

/** Where each model has a limiter of its own, the one with the most requests is shown. */
function busiest(limiters: readonly LimiterSnapshot[]): LimiterSnapshot | undefined {
  const load = ({ inFlight, waiting }: LimiterSnapshot) => inFlight + waiting;
  return limiters.reduce<LimiterSnapshot | undefined>(
    (found, next) => (found === undefined || load(next) > load(found) ? next : found),
    undefined,
  );
}
