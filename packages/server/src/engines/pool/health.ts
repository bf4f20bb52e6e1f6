/** Asks all members of a pool again and again whether they are well, also those that are down; one timer for the pool. */
import type { Timers } from '../../limits/timers.js';
import type { Clock } from '../../observe/clock.js';
import type { EngineHealth, Member } from './member.js';

/** How long a probe may take, in ms; never longer than the interval. */
const PROBE_MAX_MS = 5000;
/** By which share the interval is longer or shorter each time, so that many servers do not ask at the same moment. */
const JITTER = 0.1;

export interface HealthOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  /** Whom to ask. */
  readonly members: () => readonly Member[];
  /** A member was asked, and may have come up or gone down. */
  readonly onProbed: () => void;
}

export class Health {
  readonly #options: HealthOptions;
  readonly #probing = new Set<AbortController>();
  #intervalMs: number;
  #nextAt: number;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: HealthOptions, intervalMs: number) {
    this.#options = options;
    this.#intervalMs = intervalMs;
    this.#nextAt = options.clock.now();
    this.#arm();
  }

  /** How long until the next probe, in ms. */
  nextProbeMs(): number {
    return Math.max(0, this.#nextAt - this.#options.clock.now());
  }

  /** Another interval from now on. */
  update(intervalMs: number): void {
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#arm();
  }

  /** Asks some members now; the others, and these again, in their turn. */
  probe(members: readonly Member[]): void {
    for (const member of members) if (member.engine.probe !== undefined) void this.#probeOne(member);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const controller of this.#probing) controller.abort();
  }

  #arm(): void {
    this.#cancelTimer?.();
    const delayMs = this.#intervalMs * (1 + JITTER * (2 * this.#options.random() - 1));
    this.#nextAt = this.#options.clock.now() + delayMs;
    this.#cancelTimer = this.#options.timers.after(delayMs, () => {
      this.probe(this.#options.members());
      // Those that are not asked may have come up all the same.
      this.#options.onProbed();
      this.#arm();
    });
  }

  async #probeOne(member: Member): Promise<void> {
    const controller = new AbortController();
    this.#probing.add(controller);
    const late = Promise.withResolvers<EngineHealth>();
    const timeoutMs = Math.min(PROBE_MAX_MS, this.#intervalMs);
    const cancel = this.#options.timers.after(timeoutMs, () => {
      controller.abort();
      late.resolve({ healthy: false, detail: `it did not answer a probe in ${timeoutMs / 1000} s` });
    });
    const health = await Promise.race([ask(member, controller.signal), late.promise]);
    cancel();
    this.#probing.delete(controller);
    if (this.#isClosed) return;
    member.probed(health);
    this.#options.onProbed();
  }
}

async function ask({ engine }: Member, signal: AbortSignal): Promise<EngineHealth> {
  try {
    return (await engine.probe?.(signal)) ?? { healthy: true };
  } catch (error) {
    return { healthy: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
