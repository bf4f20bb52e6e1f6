/** Remembers when keys were last used, beside the way of the request: seldom, and many keys in one write. */
import type { KeyLookup } from './key-store.js';

/** How exact `lastUsedAt` is: within this time a key is written once. */
export const USE_RESOLUTION_MS = 60_000;

/** How long a use waits for others to be written together with. */
export const USE_FLUSH_DELAY_MS = 1000;

/** The most keys that wait to be written; the uses of further ones are noted when they are used again. */
export const PENDING_USES_MAX = 10_000;

/** Notes uses in memory and writes them in groups. */
export class KeyUsage {
  readonly #keys: Pick<KeyLookup, 'recordUse'>;
  readonly #onError: (error: unknown) => void;
  #pending = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `onError` hears of writes that failed; the uses in them are lost, which nothing but the display depends on. */
  constructor(keys: Pick<KeyLookup, 'recordUse'>, onError: (error: unknown) => void) {
    this.#keys = keys;
    this.#onError = onError;
  }

  /** Notes that a key was used at a time (epoch ms). Synchronous, and without any write. */
  note(keyId: string, at: number): void {
    if (this.#pending.size >= PENDING_USES_MAX && !this.#pending.has(keyId)) return;
    this.#pending.set(keyId, at);
    this.#timer ??= setTimeout(() => void this.flush(), USE_FLUSH_DELAY_MS).unref();
  }

  /** Writes what has been noted. Never rejects; call it before the store is closed. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const uses = this.#pending;
    if (uses.size === 0) return;
    this.#pending = new Map();
    try {
      await this.#keys.recordUse(uses);
    } catch (error) {
      this.#onError(error);
    }
  }
}
