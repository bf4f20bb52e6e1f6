/** Renews the slots of running requests in Redis, so that only those of a replica that is gone run out. */
import type { ScriptCall } from './redis-client.js';
import type { Timers } from './timers.js';

/** Renewals within one lease: two may fail before a slot is lost. */
const RENEWALS_PER_LEASE = 3;

export interface SlotLeasesOptions {
  /** Renews one lease. */
  renew(lease: ScriptCall): Promise<void>;
  readonly leaseMs: number;
  readonly timers: Timers;
}

export class SlotLeases {
  readonly #options: SlotLeasesOptions;
  readonly #held = new Map<string, ScriptCall>();
  #cancelRenewal: (() => void) | undefined;

  constructor(options: SlotLeasesOptions) {
    this.#options = options;
  }

  /** Renews the lease of a permit until it is released. */
  hold(permit: string, lease: ScriptCall): void {
    this.#held.set(permit, lease);
    this.#renewLater();
  }

  release(permit: string): void {
    this.#held.delete(permit);
  }

  /** Releases all. */
  close(): void {
    this.#held.clear();
    this.#cancelRenewal?.();
  }

  #renewLater(): void {
    const { leaseMs, timers } = this.#options;
    this.#cancelRenewal ??= timers.after(leaseMs / RENEWALS_PER_LEASE, () => void this.#renewAll());
  }

  /** A renewal that fails has its next chance a third of a lease later; that Redis is lost, admissions tell. */
  async #renewAll(): Promise<void> {
    await Promise.allSettled([...this.#held.values()].map((lease) => this.#options.renew(lease)));
    this.#cancelRenewal = undefined;
    if (this.#held.size > 0) this.#renewLater();
  }
}
