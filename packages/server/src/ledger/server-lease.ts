/**
 * Says that this server lives, and releases the holds of servers that do not: a hold must not outlive a crash. A server
 * that was killed is known by its process, which is gone, when it ran on this host, and by its lease, which ends, when it
 * ran on another one.
 */
import type { Timers } from '../limits/timers.js';
import type { Clock } from '../observe/clock.js';
import type { LedgerStore, ServerIdentity } from './ledger-store.js';

/** How long a server counts as living after it last said so, in ms. */
export const LEASE_MS = 60_000;
/** How often it says so, in ms. */
export const RENEWAL_MS = 15_000;

export interface ServerLeaseOptions {
  readonly store: LedgerStore;
  readonly server: ServerIdentity;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Whether a process of this host is running. */
  isRunning(processId: number): boolean;
  /** Told of holds that were released, and of failures; neither stops the server. */
  onReleased(holds: number): void;
  onError(error: unknown): void;
}

export class ServerLease {
  readonly #options: ServerLeaseOptions;
  #cancelRenewal = () => {};
  #isEnded = false;

  constructor(options: ServerLeaseOptions) {
    this.#options = options;
  }

  /** Whose lease it is. */
  get server(): ServerIdentity {
    return this.#options.server;
  }

  /** Begins the lease, and releases what earlier lives of this server held. Rejects when the store fails. */
  async begin(): Promise<void> {
    await this.#renew();
    this.#renewLater();
  }

  /** Ends the lease in good order. Never rejects. */
  async end(): Promise<void> {
    const { store, server, onError } = this.#options;
    this.#isEnded = true;
    this.#cancelRenewal();
    await store.removeServer(server.id).catch(onError);
  }

  async #renew(): Promise<void> {
    const { store, server, clock, onReleased } = this.#options;
    const now = clock.now();
    await store.keepAlive(server, now + LEASE_MS);
    const released = await store.releaseOrphans(now, (other) => this.#isGone(other));
    if (released > 0) onReleased(released);
  }

  #renewLater(): void {
    const { timers, onError } = this.#options;
    this.#cancelRenewal = timers.after(RENEWAL_MS, () => {
      void this.#renew()
        .catch(onError)
        .then(() => {
          if (!this.#isEnded) this.#renewLater();
        });
    });
  }

  /** A process of this host that is another server with this one's number was an earlier one: numbers come round. */
  #isGone({ id, host, processId }: ServerIdentity): boolean {
    const { server, isRunning } = this.#options;
    if (id === server.id || host !== server.host) return false;
    return processId === server.processId || !isRunning(processId);
  }
}
