/** Gives the places of a pool's members to its requests: at once, later in fair turns, or not at all. */
import { type ApiError, serviceUnavailable } from '@plumb/wire';
import type { Timers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';
import { POOL_DEFAULTS, type PoolSettings } from '../pool-settings.js';
import type { Choice } from './choose/choice.js';
import { LeastOutstanding } from './choose/least-outstanding.js';
import { PrefixAffinity } from './choose/prefix-affinity.js';
import { FairQueue } from './fair-queue.js';
import type { Member } from './member.js';
import type { Places, PooledGeneration } from './pooled-generation.js';
import { RecentCounts } from './recent-counts.js';
import { RetryBudget } from './retry-budget.js';
import type { Roster } from './roster.js';

/** The time over which it is seen how fast places become free, in s. */
const FREED_WINDOW_S = 30;
/** What is said at least of when to ask again, and at most where it is a guess; in ms. */
const RETRY_AFTER_MIN_MS = 1000;
const GUESS_MAX_MS = 60_000;

export interface DispatcherOptions {
  readonly settings: PoolSettings;
  readonly roster: Roster;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  /** How many times faster than that of clients the clock goes. */
  readonly scale: number;
  /** How long until the members are probed again, in ms. */
  readonly nextProbeMs: () => number;
}

export class Dispatcher implements Places {
  readonly #options: DispatcherOptions;
  readonly #queue: FairQueue<PooledGeneration>;
  readonly #budget: RetryBudget;
  readonly #freed: RecentCounts;
  readonly #startedAt: number;
  #choice: Choice;
  #retries: number;
  /** Set for the time at which a member will be up by itself, while requests wait. */
  #wake: { readonly at: number; readonly cancel: () => void } | undefined;
  #isClosed = false;

  constructor(options: DispatcherOptions) {
    const { settings, clock, timers } = options;
    this.#options = options;
    this.#budget = new RetryBudget(clock, budgetOf(settings));
    this.#freed = new RecentCounts(clock, FREED_WINDOW_S);
    this.#startedAt = clock.now();
    this.#choice = this.#makeChoice(settings);
    this.#retries = retriesOf(settings);
    const onLate = (late: PooledGeneration) => late.refuse(this.#crowded('no engine had a place in time'));
    this.#queue = new FairQueue({ clock, timers, ...boundsOf(settings), onLate });
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Other settings hold from now on; the members have changed already. */
  update(settings: PoolSettings): void {
    this.#choice = this.#makeChoice(settings);
    this.#retries = retriesOf(settings);
    this.#budget.percent = budgetOf(settings);
    this.#queue.configure(boundsOf(settings));
    this.changed();
  }

  /** A request comes for the first time. */
  admit(generation: PooledGeneration): void {
    this.#budget.countRequest();
    if (this.#queue.inTurns === 0 && this.#start(generation)) return;
    if (this.#isClosed) generation.refuse(serviceUnavailable({ detail: 'the server is shutting down' }));
    else if (!this.#options.roster.hasUp()) generation.refuse(this.unavailable('no engine is up'));
    else if (this.#queue.join(generation)) this.#serve();
    else generation.refuse(this.#crowded('too many requests wait for an engine'));
  }

  ask(generation: PooledGeneration): void {
    if (this.#start(generation)) return;
    this.#queue.rejoin(generation);
    this.#serve();
  }

  leave(generation: PooledGeneration): void {
    this.#queue.leave(generation);
    if (this.#queue.length === 0) this.#sleep();
  }

  takeRetry({ tried }: PooledGeneration): boolean {
    return !this.#isClosed && tried.length <= this.#retries && this.#options.roster.hasUp(tried) && this.#budget.take();
  }

  free(member: Member): void {
    this.#freed.add();
    this.#options.roster.freed(member);
    this.#serve();
  }

  /** Members may have come up, gone down, or changed. */
  changed(): void {
    this.#serve();
  }

  unavailable(detail: string, cause?: ApiError): ApiError {
    return this.#refusal(this.#comeBackMs(), detail, cause);
  }

  /** Refuses whoever waits and whoever comes. */
  close(): void {
    this.#isClosed = true;
    for (const generation of [...this.#queue.waiters]) {
      this.#queue.leave(generation);
      generation.refuse(serviceUnavailable({ detail: 'the server is shutting down' }));
    }
    this.#sleep();
  }

  #start(generation: PooledGeneration): boolean {
    if (this.#isClosed) return false;
    const places = this.#options.roster.findPlaces(generation.tried);
    const [first] = places;
    if (first === undefined) return false;
    generation.begin(places.length === 1 ? first : this.#choice.choose(places, generation));
    return true;
  }

  /** Gives places to those that wait, for as long as there are both. */
  #serve(): void {
    if (this.#queue.length === 0) return;
    const { roster } = this.#options;
    for (;;) {
      const next = this.#queue.next(({ tried }) => roster.findPlaces(tried).length > 0);
      if (next === undefined) break;
      this.#start(next);
    }
    if (this.#queue.length > 0) this.#dismissHopeless();
    if (this.#queue.length === 0) this.#sleep();
    else this.#setWake();
  }

  /** Nobody waits for a member that is not up. */
  #dismissHopeless(): void {
    const { roster } = this.#options;
    const isEmpty = !roster.hasUp();
    if (!isEmpty && roster.members.every((member) => member.isUp)) return;
    const hopeless = [...(isEmpty ? this.#queue.waiters : this.#queue.returned)].filter(
      ({ tried }) => isEmpty || !roster.hasUp(tried),
    );
    for (const generation of hopeless) {
      this.#queue.leave(generation);
      generation.refuse(this.unavailable('no engine is up any more'));
    }
  }

  #setWake(): void {
    const { roster, clock, timers } = this.#options;
    let at = Number.POSITIVE_INFINITY;
    for (const member of roster.members) at = Math.min(at, member.upAgainAt ?? at);
    if (at === this.#wake?.at) return;
    this.#sleep();
    if (at === Number.POSITIVE_INFINITY) return;
    const cancel = timers.after(Math.max(1, at - clock.now()), () => {
      this.#wake = undefined;
      this.#serve();
    });
    this.#wake = { at, cancel };
  }

  #sleep(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  /** When there may be a place for a request that is refused because others are before it. */
  #crowded(detail: string): ApiError {
    const seenMs = Math.min(FREED_WINDOW_S * 1000, this.#options.clock.now() - this.#startedAt);
    const msPerPlace = seenMs / Math.max(1, this.#freed.sum);
    return this.#refusal(Math.min(GUESS_MAX_MS, msPerPlace * (this.#queue.length + 1)), detail);
  }

  /** How long until a member may be up, in ms. */
  #comeBackMs(): number {
    const { roster, clock, nextProbeMs } = this.#options;
    let waitMs = Number.POSITIVE_INFINITY;
    for (const member of roster.members) {
      if (member.isUp) return RETRY_AFTER_MIN_MS;
      if (member.upAgainAt !== undefined) waitMs = Math.min(waitMs, member.upAgainAt - clock.now());
      if (!member.isWell) waitMs = Math.min(waitMs, nextProbeMs());
    }
    return Number.isFinite(waitMs) ? waitMs : nextProbeMs();
  }

  /** Clients are told in seconds of their own. */
  #refusal(waitMs: number, detail: string, cause?: ApiError): ApiError {
    const seconds = Math.ceil(Math.max(RETRY_AFTER_MIN_MS, waitMs) / 1000 / this.#options.scale);
    return serviceUnavailable({ detail, cause, headers: { 'retry-after': String(seconds) } });
  }

  #makeChoice({ choose = POOL_DEFAULTS.choose }: PoolSettings): Choice {
    return choose === 'prefix-affinity' ? new PrefixAffinity() : new LeastOutstanding(this.#options.random);
  }
}

function boundsOf({ queue = {} }: PoolSettings) {
  const { max_length = POOL_DEFAULTS.queue_length, max_wait_s = POOL_DEFAULTS.queue_wait_s } = queue;
  return { maxLength: max_length, maxWaitMs: max_wait_s * 1000 };
}

function retriesOf({ retries = POOL_DEFAULTS.retries }: PoolSettings): number {
  return retries;
}

function budgetOf({ retry_budget_percent = POOL_DEFAULTS.retry_budget_percent }: PoolSettings): number {
  return retry_budget_percent;
}
