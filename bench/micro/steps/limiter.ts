/** Admitting a request and giving back what it did not use; and saying in headers how much room there is. */
import { renderHeadroom } from '#server/limits/headers.js';
import { type Admission, type Headroom, MemoryLimiter, type Permit, type Refusal } from '#server/limits/index.js';
import type { OpenSteps } from './index.js';

const LIMITS = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000, concurrentRequests: 1000 };
/** As many requests a minute as one account of a busy server has, in ms of the limiter's time. */
const PASS_MS = 6;

export const openLimiter: OpenSteps = () => {
  const headroom = granted(createLimiter().limiter.admit(createAdmission(1))).headroom as Headroom;
  return [
    ...[1, 2].map((scopes) => {
      const { limiter, clock } = createLimiter();
      const admission = createAdmission(scopes);
      const run = () => {
        clock.time += PASS_MS;
        return granted(limiter.admit(admission)).settle(700);
      };
      return { name: `admit and settle, ${scopes} ${scopes === 1 ? 'scope' : 'scopes'}`, run };
    }),
    { name: 'render x-ratelimit-*', run: () => renderHeadroom(headroom) },
  ];
};

function createLimiter() {
  const clock = { time: Date.UTC(2026, 0, 1), now: () => clock.time };
  return { clock, limiter: new MemoryLimiter(clock) };
}

function createAdmission(scopes: number): Admission {
  const ids = ['account:a', 'key:k'].slice(0, scopes);
  return { account: 'a', scopes: ids.map((id) => ({ id, limits: LIMITS })), tokens: 1000 };
}

function granted<P extends Permit>(decision: P | Refusal): P {
  if (!decision.admitted) throw new Error(`Refused for ${decision.limit}; admissions are to be measured.`);
  return decision;
}
