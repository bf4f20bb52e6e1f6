/** What measures requests: the limiter and the counter of tokens. Both are loaded with the first request, so that a page is not kept waiting for them. */
import type { Limiter } from '../limiter/limiter.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import type { Settings } from './options.js';

export interface Meters {
  readonly tokenCounter: TokenCounter;
  /** A limiter with the limits of the options. */
  readonly createLimiter: () => Limiter;
}

/** @param given In place of the estimate. */
export function keepMeters(settings: Settings, given: TokenCounter | undefined): () => Promise<Meters> {
  let loading: Promise<Meters> | undefined;
  return () => {
    loading ??= loadMeters(settings, given).catch((error) => {
      // A page that was offline for a moment can try again.
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

async function loadMeters({ limits, clock }: Settings, given: TokenCounter | undefined): Promise<Meters> {
  const [{ createLimiter }, tokenCounter] = await Promise.all([
    import('../limiter/create-limiter.js'),
    given ?? import('../tokens/estimator.js').then(({ createEstimator }) => createEstimator()),
  ]);
  const { margin, shape, charge, scope: _, ...told } = limits;
  const options = {
    limits: told,
    clock,
    ...(margin === undefined ? {} : { margin }),
    ...(shape === undefined ? {} : { shape }),
    ...(charge === undefined ? {} : { charge }),
  };
  return { tokenCounter, createLimiter: () => createLimiter(options) };
}
