/** What is known of one model of one endpoint under one key: its limiter, its breaker, its retries, its repairs. */
import { Breaker } from '../breaker/breaker.js';
import { IncidentLog, type IncidentReport } from '../breaker/incident.js';
import { scrub } from '../errors/scrub.js';
import type { Meters } from '../kit/meters.js';
import type { Settings } from '../kit/options.js';
import type { Limiter } from '../limiter/limiter.js';
import type { ReasoningMemory } from '../repairs/reasoning-memory.js';
import { Repairs } from '../repairs/repairs.js';
import { RetryQuota } from '../retry/retry-quota.js';
import type { Failure } from './failure.js';
import type { Outgoing } from './outgoing.js';

/** An incident is over when nothing has failed for this long, in ms. */
const QUIET_MS = 60_000;

export class Lane {
  readonly breaker: Breaker;
  readonly quota: RetryQuota;
  readonly repairs: Repairs;
  readonly limiter: Limiter;
  readonly #settings: Settings;
  readonly #incidents: IncidentLog;

  constructor(settings: Settings, limiter: Limiter, memory: ReasoningMemory, origin: string, model: string) {
    const { clock, random, onEvent } = settings;
    this.#settings = settings;
    this.limiter = limiter;
    this.repairs = new Repairs(settings.repairs, memory);
    this.quota = new RetryQuota(clock, settings.retry.quota);
    this.#incidents = new IncidentLog(origin, model);
    const tell = (type: 'incident' | 'recovered') => {
      const report = this.incident();
      if (report !== undefined) onEvent({ type, report });
    };
    const opened = () => tell('incident');
    const closed = () => {
      tell('recovered');
      this.#incidents.succeeded(true);
    };
    this.breaker = new Breaker(clock, random, { opened, closed }, settings.breaker);
  }

  /** The failures that go on, undefined when there are none. */
  incident(): IncidentReport | undefined {
    return this.#incidents.report();
  }

  noteFailure({ wireStatus, requestId, error }: Failure): void {
    this.#incidents.failed({
      at: this.#settings.clock.now(),
      ...(wireStatus === undefined ? {} : { status: wireStatus }),
      ...(requestId === undefined ? {} : { requestId }),
      reason: scrub(error.message),
    });
  }

  noteSuccess(): void {
    const last = this.#incidents.report()?.until ?? 0;
    this.#incidents.succeeded(!this.breaker.isOpen && this.#settings.clock.now() - last > QUIET_MS);
  }
}

/** Lanes are found by what a request is sent with; the least used go when there are too many. */
const LANES_MAX = 1000;

export class Lanes {
  readonly #settings: Settings;
  readonly #memory: ReasoningMemory;
  readonly #lanes = new Map<string, Lane>();
  /** Limiters by themselves: those of a key are shared by the lanes of its models. */
  readonly #limiters = new Map<string, Limiter>();

  constructor(settings: Settings, memory: ReasoningMemory) {
    this.#settings = settings;
    this.#memory = memory;
  }

  of({ url, headers, generation }: Outgoing, { createLimiter }: Meters): Lane {
    const model = generation?.model ?? '';
    const key = headers.get('authorization') ?? headers.get('x-api-key') ?? headers.get('api-key') ?? '';
    const sender = `${url.origin} ${key}`;
    return keep(this.#lanes, `${model} ${sender}`, () => {
      const scope = { endpoint: url.origin, key, model: this.#isByKey ? '' : model };
      const limiter = keep(this.#limiters, `${scope.model} ${sender}`, () => createLimiter(scope));
      return new Lane(this.#settings, limiter, this.#memory, url.origin, model);
    });
  }

  all(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  /** Each limiter once, though the models of a key may share it. */
  limiters(): Limiter[] {
    return [...new Set([...this.#lanes.values()].map(({ limiter }) => limiter))];
  }

  get #isByKey(): boolean {
    const { scope, requestsPerMinute, tokensPerMinute, concurrency } = this.#settings.limits;
    const isGiven = [requestsPerMinute, tokensPerMinute, concurrency].some((limit) => limit !== undefined);
    return scope === undefined ? isGiven : scope === 'key';
  }
}

function keep<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > LANES_MAX) map.delete(oldest);
  return value;
}
