/** Puts the gauges of several scopes together. */
import type { Gauge, Headroom } from './limiter.js';

/** Of each axis the gauge with the least room; the smaller limit when two have the same. Axes without limits are left out. */
export function tightest(requests: readonly (Gauge | undefined)[], tokens: readonly (Gauge | undefined)[]): Headroom {
  const tightestRequests = requests.reduce(tighter, undefined);
  const tightestTokens = tokens.reduce(tighter, undefined);
  return {
    ...(tightestRequests && { requests: tightestRequests }),
    ...(tightestTokens && { tokens: tightestTokens }),
  };
}

function tighter(one: Gauge | undefined, other: Gauge | undefined): Gauge | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other;
  return one.limit <= other.limit ? one : other;
}
