/** One engine of a pool, with all that the pool knows of it and has given it to do. */
import type { ApiError, Usage } from '@plumb/wire';
import type { Clock } from '../../observe/clock.js';
import type { Engine, EngineDescription, FailureCause, FailureReason } from '../engine.js';
import { type EngineSettings, POOL_DEFAULTS } from '../pool-settings.js';
import { Breaker, type BreakerOptions, type BreakerState, type Trial } from './breaker.js';
import type { Candidate } from './choose/choice.js';
import { Latencies, type LatencyQuantiles } from './latencies.js';

/** An engine that a pool can ask whether it is well. Without `probe` it is well while it has a description. */
export interface PoolEngine extends Engine {
  /** Rejects, or finds it not healthy, when it is not; is told by the signal that nobody waits any more. */
  probe?(signal: AbortSignal): Promise<EngineHealth>;
}

/** What a probe found. */
export interface EngineHealth {
  readonly healthy: boolean;
  /** What was found, for the operator. */
  readonly detail?: string | undefined;
  /** Tokens of prompt and answer together, when the engine says so. */
  readonly contextTokens?: number | undefined;
}

/** How long an engine is left alone that has too much to do and does not say until when, and at the most; in ms. */
const REST_MS = 1000;
const REST_MAX_MS = 5 * 60_000;

/** One request on a member, from `begin` to one of the endings. */
export interface Lease {
  readonly tokens: number;
  readonly startedAt: number;
  readonly trial: Trial | undefined;
}

/**
 * What an operator sees. `full`: up, with as many requests as it works on. `resting`: it said that it has too much to do.
 * `away`: it cannot answer yet, or any more. The others are those of its breaker.
 */
export type MemberCondition = 'up' | 'full' | 'draining' | 'resting' | 'away' | Exclude<BreakerState, 'closed'>;

export interface MemberOptions extends Pick<BreakerOptions, 'clock' | 'mayOpenByRate' | 'onChange' | 'onAlarm'> {
  readonly name: string;
  readonly settings: EngineSettings;
  readonly engine: PoolEngine;
}

export class Member implements Candidate {
  readonly name: string;
  readonly engine: PoolEngine;
  readonly breaker: Breaker;
  settings: EngineSettings;
  /** Takes no new work: by the operator's wish, or because it is leaving the pool. */
  isDraining = false;
  outstanding = 0;
  outstandingTokens = 0;
  /** What it was given to do since it is a member. */
  requests = 0;
  readonly failures: Record<FailureCause, number> = { request: 0, engine: 0, busy: 0, operator: 0 };
  promptTokens = 0;
  cacheHitTokens = 0;
  /** What the last probe found; undefined before the first. */
  health: EngineHealth | undefined;
  readonly #clock: Clock;
  readonly #firstEvents = new Latencies();
  readonly #durations = new Latencies();
  #restingUntil = 0;

  constructor({ name, settings, engine, ...breaker }: MemberOptions) {
    this.name = name;
    this.settings = settings;
    this.engine = engine;
    this.breaker = new Breaker(breaker);
    this.#clock = breaker.clock;
  }

  get weight(): number {
    return this.settings.weight ?? POOL_DEFAULTS.weight;
  }

  /** Members of a higher number are used only while all of the lower ones are out. */
  get priority(): number {
    return this.settings.priority ?? POOL_DEFAULTS.priority;
  }

  /** Requests that it works on at the same time. */
  get limit(): number {
    return this.settings.concurrent_requests ?? POOL_DEFAULTS.concurrent_requests;
  }

  /** What is known of its context: what the operator says, else the last probe, else the engine. */
  get contextTokens(): number | undefined {
    return this.settings.context_tokens ?? this.health?.contextTokens ?? this.engine.description()?.contextTokens;
  }

  get description(): EngineDescription | undefined {
    return this.engine.description();
  }

  /** Whether it works, however much it has to do. */
  get isWell(): boolean {
    if (this.isDraining) return false;
    const { state } = this.breaker;
    return (state === 'closed' || state === 'half-open') && !this.#isAway;
  }

  /** Whether it takes requests, as soon as it has a place for them. */
  get isUp(): boolean {
    return this.isWell && !this.isResting;
  }

  /** Whether it takes a request now. */
  get hasPlace(): boolean {
    return this.outstanding < this.limit && this.isUp && this.breaker.isPassable;
  }

  get isResting(): boolean {
    return this.#restingUntil > 0 && this.#clock.now() < this.#restingUntil;
  }

  /** When it will take requests by itself, in the time of the clock; undefined when that is not known, or it does. */
  get upAgainAt(): number | undefined {
    if (this.isDraining || this.#isAway || this.breaker.state === 'refused') return undefined;
    const at = Math.max(this.breaker.opensAt ?? 0, this.isResting ? this.#restingUntil : 0);
    return at === 0 ? undefined : at;
  }

  get condition(): MemberCondition {
    if (this.isDraining) return 'draining';
    const { state } = this.breaker;
    if (state !== 'closed') return state;
    if (this.#isAway) return 'away';
    if (this.isResting) return 'resting';
    return this.outstanding < this.limit ? 'up' : 'full';
  }

  /** From the beginning of a request to its first event, and to its end; in ms, of the last few hundred. */
  get latencies(): { readonly firstEvent: LatencyQuantiles; readonly duration: LatencyQuantiles } {
    return { firstEvent: this.#firstEvents.quantiles(), duration: this.#durations.quantiles() };
  }

  /** Takes a place for a request; exactly one of `succeed`, `fail` and `abandon` gives it back. */
  begin(tokens: number): Lease {
    this.requests += 1;
    this.outstanding += 1;
    this.outstandingTokens += tokens;
    return { tokens, startedAt: this.#clock.now(), trial: this.breaker.begin() };
  }

  /** The first event of an answer came. */
  answered({ startedAt, trial }: Lease): void {
    this.#firstEvents.add(this.#clock.now() - startedAt);
    this.breaker.answered(trial);
  }

  succeed(lease: Lease, usage: Usage): void {
    this.#free(lease);
    this.#durations.add(this.#clock.now() - lease.startedAt);
    this.countUsage(usage);
    this.breaker.succeeded(lease.trial);
  }

  fail(lease: Lease, error: ApiError, { cause, retryAfterMs }: FailureReason): void {
    this.#free(lease);
    this.failures[cause] += 1;
    if (cause === 'engine') this.breaker.failed(lease.trial);
    else if (cause === 'operator') this.breaker.refused(lease.trial, error.detail ?? error.message);
    else this.breaker.ended(lease.trial);
    if (cause === 'busy') this.#rest(retryAfterMs ?? REST_MS);
    else if (cause !== 'request' && retryAfterMs !== undefined) this.#rest(retryAfterMs);
  }

  /** The request was given up by whoever asked for it: that says nothing of the engine. */
  abandon(lease: Lease): void {
    this.#free(lease);
    this.breaker.ended(lease.trial);
  }

  countUsage({ prompt_tokens, prompt_cache_hit_tokens }: Usage): void {
    this.promptTokens += prompt_tokens;
    this.cacheHitTokens += prompt_cache_hit_tokens;
  }

  /** Takes in what a probe found. */
  probed(health: EngineHealth): void {
    this.health = health;
    this.breaker.probed(health.healthy);
  }

  get #isAway(): boolean {
    return this.engine.probe === undefined && this.engine.description() === undefined;
  }

  #free({ tokens }: Lease): void {
    this.outstanding -= 1;
    this.outstandingTokens -= tokens;
  }

  #rest(restMs: number): void {
    this.#restingUntil = Math.max(this.#restingUntil, this.#clock.now() + Math.min(restMs, REST_MAX_MS));
  }
}
