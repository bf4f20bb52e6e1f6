/** Counts a token for each four characters; the estimate by kinds of characters takes its place. */
import type { TokenCounter } from './token-counter.js';
export function createEstimator(): TokenCounter {
  return { countRequest: (b) => Math.ceil(JSON.stringify(b).length / 4), learn() {} };
}
