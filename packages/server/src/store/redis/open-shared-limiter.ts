/**
 * Opens the limiter that the configuration asks for: in memory, or shared with other servers through Redis. The loss of
 * Redis is an event of the log and of the metrics here, and a matter of `on_lost` for requests.
 */
import {
  ATTEMPT_INTERVAL_MS,
  FallbackLimiter,
  type Limiter,
  MemoryLimiter,
  type OnLost,
  RedisLimiter,
  systemTimers,
  type Timers,
  WaitingRoom,
} from '../../limits/index.js';
import type { Clock } from '../../observe/clock.js';
import type { Log } from '../../observe/log.js';
import type { Metrics } from '../../observe/metrics.js';

/** What the configuration says of shared limits, in its own words. */
export interface SharedLimitsSettings {
  /** `redis://`, `rediss://` or `unix://`; may hold a password. In memory where there is none. */
  readonly redis_url?: string | undefined;
  readonly on_lost: OnLost;
  readonly servers: number;
  /** Without an answer, or a connection, for so long Redis counts as lost. */
  readonly timeout_s: number;
}

export interface OpenLimiterOptions {
  readonly settings: SharedLimitsSettings;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly metrics: Pick<Metrics, 'sharedLimitsLost'>;
  /** Default: those of the process. */
  readonly timers?: Timers;
}

/** A limiter, and what ends it. */
export interface OpenLimiter {
  readonly limiter: Limiter;
  /** Lets go of Redis. Settlements that it has not taken by then are lost, so call it when all requests are settled. */
  close(): Promise<void>;
}

/**
 * Resolves once Redis answered or counts as lost: a server starts without it too, and finds it when it is back. Throws an
 * Error that tells what to do when the address is none.
 */
export async function openLimiter(options: OpenLimiterOptions): Promise<OpenLimiter> {
  const { settings, clock, timers = systemTimers } = options;
  if (settings.redis_url === undefined) {
    return { limiter: new WaitingRoom({ limiter: new MemoryLimiter(clock), clock, timers }), close: async () => {} };
  }
  const shared = await openShared(settings.redis_url, { ...options, timers });
  return { limiter: new WaitingRoom({ limiter: shared.limiter, clock, timers }), close: shared.close };
}

type SharedOptions = OpenLimiterOptions & { readonly timers: Timers };

async function openShared(url: string, { settings, clock, log, metrics, timers }: SharedOptions): Promise<OpenLimiter> {
  const timeoutMs = settings.timeout_s * 1000;
  // On demand: a server whose limits are its own does without the Redis client.
  const { openConnection } = await import('./connection.js');
  const connection = openConnection(url, timeoutMs);
  const redis = new RedisLimiter({
    client: connection.client,
    timeoutMs,
    timers,
    onSettlementLost: (cause) => log.warn({ err: cause }, 'Redis did not take what a request used: it is not counted'),
  });
  const limiter = new FallbackLimiter({
    shared: redis,
    onLost: settings.on_lost,
    replicas: settings.servers,
    clock,
    onChange(isLost, cause) {
      metrics.sharedLimitsLost(isLost);
      if (isLost) {
        log.warn({ err: cause, on_lost: settings.on_lost }, 'the shared limits are lost: Redis cannot be asked');
        watch.start();
      } else log.info({}, 'the shared limits are found again');
    },
  });
  const watch = new LossWatch(limiter, timers);
  connection.onFailure(() => watch.look());
  await connection.tried;
  await limiter.probe();
  const close = async () => {
    watch.close();
    redis.close();
    connection.close();
  };
  return { limiter, close };
}

/** Notices without any request that Redis is lost or back, so that log and metrics are right on a quiet server too. */
class LossWatch {
  readonly #limiter: FallbackLimiter;
  readonly #timers: Timers;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(limiter: FallbackLimiter, timers: Timers) {
    this.#limiter = limiter;
    this.#timers = timers;
  }

  /** Looks again and again for as long as the shared limits are lost. */
  start(): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#timers.after(ATTEMPT_INTERVAL_MS, () => void this.#lookAgain());
  }

  /** Looks once, unless the loss is known. */
  look(): void {
    if (!this.#isClosed && !this.#limiter.isLost) void this.#limiter.probe();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  async #lookAgain(): Promise<void> {
    await this.#limiter.probe();
    this.#cancel = undefined;
    if (this.#limiter.isLost) this.start();
  }
}
