/** Puts the gauges of several scopes together. */
import type { Gauge, Headroom } from './limiter.js';

/** Of each axis the gauge with the least room; the smaller limit when two have the same. Axes without limits are left out. */
export function tightest(requests: readonly (Gauge | undefined)[], tokens: readonly (Gauge | undefined)[]): Headroom {
  return headroomOf(requests.reduce(tighter, undefined), tokens.reduce(tighter, undefined));
}

/** The room of a scope by itself. */
export function headroomOf(requests: Gauge | undefined, tokens: Gauge | undefined): Headroom {
  if (requests === undefined) return tokens === undefined ? {} : { tokens };
  return tokens === undefined ? { requests } : { requests, tokens };
}

function tighter(one: Gauge | undefined, other: Gauge | undefined): Gauge | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other;
  return one.limit <= other.limit ? one : other;
}
