/** What a replica does while the limits that it shares with others cannot be asked. */
import type { Clock } from '../observe/clock.js';
import {
  type Admission,
  canNeverFit,
  type Headroom,
  type HeadroomQuestion,
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

/** Whose requests probes are: ids of accounts are longer. */
const PROBING_ACCOUNT = 'probe';

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
      return await this.#admitShared(admission, signal);
    } catch (error) {
      this.#lose(error);
      return this.#admitAlone(admission, error);
    }
  }

  /** While the shared limits are lost: what is left of this replica's share. */
  async peek(question: HeadroomQuestion): Promise<Headroom> {
    if (this.#lost !== undefined) return this.#peekAlone(question, this.#lost);
    try {
      return await this.#options.shared.peek(question);
    } catch (error) {
      this.#lose(error);
      return this.#peekAlone(question, error);
    }
  }

  /** Whether the shared limits are lost, as far as anybody has asked them. */
  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Asks the shared limits for nothing, to learn whether they can be asked. Never rejects for their loss. */
  async probe(): Promise<void> {
    try {
      const decision = await this.#admitShared({ account: PROBING_ACCOUNT, scopes: [], tokens: 0 });
      if (decision.admitted) await decision.settle(0);
    } catch (error) {
      this.#lose(error);
    }
  }

  /** Finds the shared limits: only an admission shows that they can be written as well as read. */
  async #admitShared(admission: Admission, signal?: AbortSignal): Promise<Permit | Refusal> {
    const decision = await this.#options.shared.admit(admission, signal);
    if (this.#lost !== undefined) {
      this.#lost = undefined;
      this.#options.onChange(false);
    }
    return decision;
  }

  /** Whether it is time for an attempt; the one who asks makes it. */
  #isAttemptDue(): boolean {
    const now = this.#clock.now();
    if (now < this.#nextAttemptAt) return false;
    this.#nextAttemptAt = now + ATTEMPT_INTERVAL_MS;
    return true;
  }

  /** Throws what is no loss. */
  #lose(error: unknown): asserts error is LimiterLostError {
    if (!(error instanceof LimiterLostError)) throw error;
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#nextAttemptAt = this.#clock.now() + ATTEMPT_INTERVAL_MS;
    this.#options.onChange(true, error.cause);
  }

  #admitAlone(admission: Admission, error: LimiterLostError): Permit | Refusal {
    const decision = this.#local.admit(this.#shareOf(admission, error));
    if (decision.admitted || !decision.never || canNeverFit(admission)) return decision;
    return { ...decision, never: false, retryAfterMs: ATTEMPT_INTERVAL_MS };
  }

  #peekAlone(question: HeadroomQuestion, error: LimiterLostError): Headroom {
    return this.#local.peek(this.#shareOf(question, error));
  }

  /** The same question with this replica's share of the limits. Throws where it must not answer by itself. */
  #shareOf<T extends HeadroomQuestion>(question: T, error: LimiterLostError): T {
    const { onLost, replicas } = this.#options;
    if (onLost === 'refuse') throw error;
    return {
      ...question,
      scopes: question.scopes.map(({ id, limits }) => ({ id, limits: shareLimits(limits, replicas) })),
    };
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
