/** Settlements that Redis did not take: sent again until it does, so that an outage forgives no debt. */
import type { Clock } from '../observe/clock.js';
import type { ScriptCall } from './redis-client.js';
import type { Timers } from './timers.js';

/** The most settlements that are kept. */
const KEPT_MAX = 10_000;
/** How long one is kept, in ms; shorter than Redis remembers what it took (`redis-scripts.ts`). */
const KEPT_MS = 5 * 60 * 1000;
/** Time between two attempts, in ms. */
const RETRY_INTERVAL_MS = 1000;

export interface SettlementBacklogOptions {
  /** Sends one; rejects when it was perhaps not taken. */
  send(settlement: ScriptCall): Promise<void>;
  /** Told of each that is given up: what it reserved stays charged, what it owed is forgiven. */
  onGivenUp(cause: unknown): void;
  readonly clock: Clock;
  readonly timers: Timers;
}

export class SettlementBacklog {
  readonly #options: SettlementBacklogOptions;
  #kept: { readonly settlement: ScriptCall; readonly until: number }[] = [];
  #cancelRetry: (() => void) | undefined;

  constructor(options: SettlementBacklogOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get size(): number {
    return this.#kept.length;
  }

  /** Keeps one that failed for a reason. */
  keep(settlement: ScriptCall, cause: unknown): void {
    if (this.#kept.length >= KEPT_MAX) {
      this.#options.onGivenUp(cause);
      return;
    }
    this.#kept.push({ settlement, until: this.#options.clock.now() + KEPT_MS });
    this.#retryLater();
  }

  /** Stops trying; what waits is lost. */
  close(): void {
    this.#cancelRetry?.();
    this.#kept = [];
  }

  /** Sends what waits, oldest first, up to the first that fails. */
  async #retry(): Promise<void> {
    try {
      for (let next = this.#kept[0]; next !== undefined; next = this.#kept[0]) {
        await this.#options.send(next.settlement);
        this.#kept.shift();
      }
    } catch (cause) {
      this.#giveUpOld(cause);
    }
    this.#cancelRetry = undefined;
    if (this.#kept.length > 0) this.#retryLater();
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#options.timers.after(RETRY_INTERVAL_MS, () => void this.#retry());
  }

  #giveUpOld(cause: unknown): void {
    const now = this.#options.clock.now();
    const young = this.#kept.findIndex(({ until }) => now < until);
    const old = this.#kept.splice(0, young === -1 ? this.#kept.length : young);
    for (const _ of old) this.#options.onGivenUp(cause);
  }
}
