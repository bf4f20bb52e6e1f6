/**
 * Keeps work away from a member that fails, and lets it come back carefully. Only failures of the engine itself count: a
 * request that is wrong fails anywhere, and one that is too much is answered by resting (`member.ts`).
 */
import type { Clock } from '../../observe/clock.js';
import { RecentCounts } from './recent-counts.js';

/** Failures in a row that open it. */
const FAILURES_IN_A_ROW = 5;
/** The share of failures that opens it, over this many seconds, when at least so many requests ended in them. */
const FAILING_SHARE = 0.5;
const RATE_WINDOW_S = 30;
const RATE_REQUESTS_MIN = 20;
/** Probes in a row that fail, without a request that succeeds between them, which open it. */
const PROBES_IN_A_ROW = 2;
/** How long it stays open the first time; it doubles until a request succeeds. */
const OPEN_FIRST_MS = 5000;
const OPEN_MAX_MS = 5 * 60_000;

/**
 * `closed`: all is well. `open`: nothing gets through. `half-open`: one request at a time gets through, until one shows
 * how things are. `refused`: the engine refuses the operator, and nothing gets through until a probe finds it well.
 */
export type BreakerState = 'closed' | 'open' | 'half-open' | 'refused';

/** The one request that a half-open breaker has let through. */
export interface Trial {
  readonly startedAt: number;
}

export interface BreakerOptions {
  readonly clock: Clock;
  /** Whether it may open for the share of failures alone: not when too many others of its pool have. */
  mayOpenByRate(): boolean;
  /** It keeps work away, or lets it through again; once per change. */
  onChange(isOpen: boolean): void;
  /** The engine refuses the operator (with what is known of it), or has answered again; once per change. */
  onAlarm(isRaised: boolean, detail: string): void;
}

export class Breaker {
  readonly #options: BreakerOptions;
  readonly #ended: RecentCounts;
  readonly #failed: RecentCounts;
  #state: 'closed' | 'open' | 'refused' = 'closed';
  #failuresInARow = 0;
  #probesInARow = 0;
  #openUntil = 0;
  #nextOpenMs = OPEN_FIRST_MS;
  #trial: Trial | undefined;
  /** Whether a probe has failed since it opened: then one that succeeds is news. */
  #hasProbeFailed = false;
  /** Whether a probe, or a reload, has found well what refused the operator. */
  #isRefusalOver = false;
  #isAlarmRaised = false;
  /** Whether it is open for the share of failures alone. */
  #isOpenByRate = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
    this.#ended = new RecentCounts(options.clock, RATE_WINDOW_S);
    this.#failed = new RecentCounts(options.clock, RATE_WINDOW_S);
  }

  get state(): BreakerState {
    if (this.#state === 'closed') return 'closed';
    if (this.#state === 'refused') return this.#isRefusalOver ? 'half-open' : 'refused';
    return this.#now() >= this.#openUntil ? 'half-open' : 'open';
  }

  /** Whether a request gets through now. */
  get isPassable(): boolean {
    const { state } = this;
    return state === 'closed' || (state === 'half-open' && this.#trial === undefined);
  }

  get isOpenByRate(): boolean {
    return this.#isOpenByRate && this.#state === 'open';
  }

  /** Whether the engine refuses the operator, as far as is known. */
  get isAlarmRaised(): boolean {
    return this.#isAlarmRaised;
  }

  /** When it will let a request through by itself, in the time of the clock; undefined when it does, or only a probe can. */
  get opensAt(): number | undefined {
    return this.state === 'open' ? this.#openUntil : undefined;
  }

  /** The share of engine failures among what ended in the last 30 s; 0 when nothing did. */
  get failingShare(): number {
    const ended = this.#ended.sum;
    return ended === 0 ? 0 : this.#failed.sum / ended;
  }

  /** A request goes through; what is returned comes back with its outcome. */
  begin(): Trial | undefined {
    if (this.state !== 'half-open') return undefined;
    this.#trial = { startedAt: this.#now() };
    return this.#trial;
  }

  /** The engine has answered with a first event: that is all that a trial has to show. */
  answered(trial: Trial | undefined): void {
    if (this.#endTrial(trial)) this.#close();
  }

  /** A request came to its good end. */
  succeeded(trial: Trial | undefined): void {
    this.answered(trial);
    this.#ended.add();
    if (this.#state !== 'closed') return;
    this.#failuresInARow = 0;
    this.#probesInARow = 0;
    this.#nextOpenMs = OPEN_FIRST_MS;
  }

  /** The engine failed, or did not answer in time. */
  failed(trial: Trial | undefined): void {
    this.#ended.add();
    this.#failed.add();
    this.#failuresInARow += 1;
    if (this.#endTrial(trial)) this.#open();
    if (this.#state !== 'closed') return;
    if (this.#failuresInARow >= FAILURES_IN_A_ROW) this.#open();
    else if (this.#isRateTooHigh() && this.#options.mayOpenByRate()) this.#open(true);
  }

  /** The engine refused the operator: the key, the balance. */
  refused(trial: Trial | undefined, detail: string): void {
    this.#endTrial(trial);
    if (this.#state === 'refused' && !this.#isRefusalOver) return;
    this.#open();
    this.#state = 'refused';
    this.#setAlarm(true, detail);
  }

  /** A request ended in a way that says nothing of the engine. */
  ended(trial: Trial | undefined): void {
    this.#endTrial(trial);
  }

  /** What a probe found. One that succeeds says something new only after one that failed, or when the time is over. */
  probed(isHealthy: boolean): void {
    const { state } = this;
    if (isHealthy) {
      this.#probesInARow = 0;
      const isNews = this.#hasProbeFailed || this.#now() >= this.#openUntil;
      if (state === 'refused') this.#isRefusalOver = isNews;
      else if (this.#state === 'open' && isNews) this.#close();
      return;
    }
    this.#probesInARow += 1;
    this.#hasProbeFailed = true;
    if (state === 'half-open') {
      if (this.#state === 'refused') this.#isRefusalOver = false;
      else if (this.#trial === undefined) this.#open(false, true);
    } else if (state === 'closed' && this.#probesInARow >= PROBES_IN_A_ROW) this.#open(false, true);
  }

  /** The operator has seen to it: what was refused may be tried again. */
  reload(): void {
    if (this.#state === 'refused') this.#isRefusalOver = true;
  }

  /** The member is no longer one: an alarm about it is over. */
  retire(): void {
    this.#setAlarm(false, 'it is no longer part of the pool');
  }

  #open(byRate = false, byProbe = false): void {
    if (this.#state === 'closed') this.#options.onChange(true);
    this.#state = 'open';
    this.#isOpenByRate = byRate;
    this.#hasProbeFailed = byProbe;
    this.#isRefusalOver = false;
    this.#trial = undefined;
    this.#openUntil = this.#now() + this.#nextOpenMs;
    this.#nextOpenMs = Math.min(OPEN_MAX_MS, this.#nextOpenMs * 2);
  }

  #close(): void {
    if (this.#state !== 'closed') this.#options.onChange(false);
    this.#state = 'closed';
    this.#trial = undefined;
    this.#failuresInARow = 0;
    this.#probesInARow = 0;
    this.#hasProbeFailed = false;
    this.#ended.clear();
    this.#failed.clear();
    this.#setAlarm(false, 'it answers again');
  }

  /** Returns whether it was the trial of the moment: a later one, or a probe, may have decided before. */
  #endTrial(trial: Trial | undefined): boolean {
    if (trial === undefined || trial !== this.#trial) return false;
    this.#trial = undefined;
    return true;
  }

  #isRateTooHigh(): boolean {
    return this.#ended.sum >= RATE_REQUESTS_MIN && this.failingShare >= FAILING_SHARE;
  }

  #setAlarm(isRaised: boolean, detail: string): void {
    if (this.#isAlarmRaised === isRaised) return;
    this.#isAlarmRaised = isRaised;
    this.#options.onAlarm(isRaised, detail);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}
