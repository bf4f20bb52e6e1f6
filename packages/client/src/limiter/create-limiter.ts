/** Holds everybody back after a refusal; the rolling window takes its place. */
import type { Clock } from '../time/clock.js';
import type { Limiter, Limits, Permit } from './limiter.js';
export function createLimiter(_o: {
  limits: Limits;
  clock: Clock;
  margin?: number;
  shape?: string;
  charge?: string;
}): Limiter {
  let refusals = 0;
  let holdUntil = 0;
  return {
    async admit(a, signal) {
      while (_o.clock.now() < holdUntil)
        await new Promise<void>((r) => {
          _o.clock.after(holdUntil - _o.clock.now(), r);
        });
      signal?.throwIfAborted();
      const p: Permit = {
        reservedTokens: a.promptTokens,
        answered() {},
        refused(r) {
          refusals++;
          holdUntil = _o.clock.now() + (r.retryAfterMs ?? 250);
        },
        settle() {},
        abandon() {},
      };
      return p;
    },
    snapshot: () => ({ axes: [], inFlight: 0, waiting: 0, binding: undefined, nextAt: undefined, refusals }),
  };
}
