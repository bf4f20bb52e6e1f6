/**
 * What measures requests: the limiter and the counter of tokens. Both are loaded with the first request, so that a page is
 * not kept waiting for them.
 */
import type { LimiterOptions } from '../limiter/create-limiter.js';
import type { Limiter } from '../limiter/limiter.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import type { Settings } from './options.js';

export interface Meters {
  readonly tokenCounter: TokenCounter;
  readonly createLimiter: (scope: LimiterScope) => Limiter;
}

/** Whose limits a limiter keeps. */
export interface LimiterScope {
  /** The origin of the endpoint. */
  readonly endpoint: string;
  /** What the key is sent in, as it is: it must not be shown or kept. */
  readonly key: string;
  /** Empty where the limits are those of the key. */
  readonly model: string;
}

/** What is used in place of what is loaded. */
export interface GivenMeters {
  readonly tokenCounter: TokenCounter | undefined;
  readonly createLimiter: ((scope: LimiterScope, options: LimiterOptions) => Limiter) | undefined;
}

export function keepMeters(settings: Settings, given: GivenMeters): () => Promise<Meters> {
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

async function loadMeters({ limits, clock }: Settings, given: GivenMeters): Promise<Meters> {
  const [createLimiter, tokenCounter] = await Promise.all([
    given.createLimiter ?? loadLimiter(),
    given.tokenCounter ?? import('../tokens/estimator.js').then(({ createEstimator }) => createEstimator()),
  ]);
  const { margin, shape, charge, scope: _, ...told } = limits;
  const options = {
    limits: told,
    clock,
    ...(margin === undefined ? {} : { margin }),
    ...(shape === undefined ? {} : { shape }),
    ...(charge === undefined ? {} : { charge }),
  };
  return { tokenCounter, createLimiter: (scope) => createLimiter(scope, options) };
}

async function loadLimiter() {
  const { createLimiter } = await import('../limiter/create-limiter.js');
  return (_: LimiterScope, options: LimiterOptions) => createLimiter(options);
}
