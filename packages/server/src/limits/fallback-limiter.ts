/** What a replica does while the limits that it shares with others cannot be asked. */
import type { Clock } from '../observe/clock.js';
import {
  type Admission,
  canNeverFit,
  type Limiter,
  LimiterLostError,
  type Limits,
  type Permit,
  type Refusal,
} from './limiter.js';
import { MemoryLimiter } from './memory-limiter.js';
import { SteadyClock } from './steady-clock.js';

/** Time between two attempts to reach the shared limits while they are lost, in ms: the other requests do not wait for it. */
export const ATTEMPT_INTERVAL_MS = 1000;

/**
 * `refuse`: a LimiterLostError. `share`: this replica admits its share of every limit by itself, at least 1 of a limit
 * above 0, and a request that only the share refuses for ever may come again. Nobody then knows what the others had
 * admitted, so in the minute after losing or finding Redis up to twice the limit can come through.
 */
export type OnLost = 'refuse' | 'share';

export interface FallbackLimiterOptions {
  /** Rejects with LimiterLostErrors while it is lost. */
  readonly shared: Limiter;
  readonly onLost: OnLost;
  /** Replicas that share the limits, this one included. */
  readonly replicas: number;
  readonly clock: Clock;
  /** Told when the shared limits are lost (with the reason) and when they are found again; once each time. */
  onChange(lost: boolean, cause?: unknown): void;
}

export class FallbackLimiter implements Limiter {
  readonly #options: FallbackLimiterOptions;
  readonly #clock: Clock;
  readonly #local: MemoryLimiter;
  /** Why the shared limits are lost, while they are. */
  #lost: LimiterLostError | undefined;
  #nextAttemptAt = 0;

  constructor(options: FallbackLimiterOptions) {
    this.#options = options;
    this.#clock = new SteadyClock(options.clock);
    this.#local = new MemoryLimiter(options.clock);
  }

  async admit(admission: Admission, signal?: AbortSignal): Promise<Permit | Refusal> {
    if (this.#lost !== undefined && !this.#isAttemptDue()) return this.#admitAlone(admission, this.#lost);
    try {
      const decision = await this.#options.shared.admit(admission, signal);
      this.#find();
      return decision;
    } catch (error) {
      if (!(error instanceof LimiterLostError)) throw error;
      this.#lose(error);
      return this.#admitAlone(admission, error);
    }
  }

  /** Whether it is time for an attempt; the one who asks makes it. */
  #isAttemptDue(): boolean {
    const now = this.#clock.now();
    if (now < this.#nextAttemptAt) return false;
    this.#nextAttemptAt = now + ATTEMPT_INTERVAL_MS;
    return true;
  }

  #lose(error: LimiterLostError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#nextAttemptAt = this.#clock.now() + ATTEMPT_INTERVAL_MS;
    this.#options.onChange(true, error.cause);
  }

  #find(): void {
    if (this.#lost === undefined) return;
    this.#lost = undefined;
    this.#options.onChange(false);
  }

  #admitAlone(admission: Admission, error: LimiterLostError): Permit | Refusal {
    const { onLost, replicas } = this.#options;
    if (onLost === 'refuse') throw error;
    const scopes = admission.scopes.map(({ id, limits }) => ({ id, limits: shareLimits(limits, replicas) }));
    const decision = this.#local.admit({ ...admission, scopes });
    if (decision.admitted || !decision.never || canNeverFit(admission)) return decision;
    return { ...decision, never: false, retryAfterMs: ATTEMPT_INTERVAL_MS };
  }
}

function shareLimits({ requestsPerMinute, tokensPerMinute, concurrentRequests }: Limits, replicas: number): Limits {
  const share = (limit: number | undefined) =>
    limit === undefined || limit === 0 ? limit : Math.max(1, Math.floor(limit / replicas));
  return {
    requestsPerMinute: share(requestsPerMinute),
    tokensPerMinute: share(tokensPerMinute),
    concurrentRequests: share(concurrentRequests),
  };
}
