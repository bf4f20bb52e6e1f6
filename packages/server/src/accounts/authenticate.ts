/** Who sends a request: the first step of its way, before routing. */
import { hash } from 'node:crypto';
import { type ApiError, authenticationFailed, credentialsMissing } from '@plumb/wire';
import type { Clock } from '../observe/clock.js';
import type { Account } from './account.js';
import type { ApiKey, KeyHasher } from './api-key.js';
import { type CredentialHeaders, readCredential } from './credentials.js';
import type { KeyHolder, KeyLookup } from './key-store.js';
import { KeyUsage, USE_RESOLUTION_MS } from './key-usage.js';

/** Who sends a request. */
export interface Caller {
  readonly account: Account;
  readonly key: ApiKey;
}

/** What an Authenticator works with. */
export interface AuthenticatorOptions {
  readonly keys: KeyLookup;
  readonly hasher: KeyHasher;
  readonly clock: Clock;
  /** Hears of failures beside the way of a request: `lastUsedAt` could not be written. */
  readonly onError: (error: unknown) => void;
}

/** The most keys that are remembered; about 1 KB each. Further ones push out the oldest. */
export const CACHED_KEYS_MAX = 10_000;

/** The longest text that can be a key, in characters; longer ones are refused without being hashed. */
export const KEY_CHARACTERS_MAX = 256;

/** The most characters of a refused key that an error repeats. */
const SHOWN_CHARACTERS_MAX = 4;

/**
 * Tells callers by their keys. Keys that were found are remembered under their SHA-256, so that no key is kept in plain
 * text in memory beyond its request, and at a sixth of the price of the HMAC that the store is asked with. Keys that
 * were not found are not remembered: asking the store again costs little, and invented keys thus fill no memory and push
 * out no real key. Before the memory is used the store is asked for its revision, so that a key counts, or no longer
 * counts, from the first request after it was created or revoked, by whichever process.
 */
export class Authenticator {
  readonly #keys: KeyLookup;
  readonly #hasher: KeyHasher;
  readonly #clock: Clock;
  readonly #usage: KeyUsage;
  readonly #remembered = new Map<string, RememberedCaller>();
  #revision = Number.NaN;

  constructor({ keys, hasher, clock, onError }: AuthenticatorOptions) {
    this.#keys = keys;
    this.#hasher = hasher;
    this.#clock = clock;
    this.#usage = new KeyUsage(keys, onError);
  }

  /**
   * The caller of a request; a promise of it only when the store has to be asked. Throws or rejects with 401 when there
   * is no key, or an unknown, revoked or expired one (contract section 4.2), and with what the store throws: an
   * outage must not look like a wrong key.
   */
  authenticate(headers: CredentialHeaders): Caller | Promise<Caller> {
    const credential = readCredential(headers);
    if (credential === undefined) throw credentialsMissing();
    if (credential.length > KEY_CHARACTERS_MAX) throw refuse(credential);
    const revision = this.#keys.revision();
    if (revision !== this.#revision) this.#forgetAll(revision);
    const digest = hash('sha256', credential, 'base64');
    const remembered = this.#remembered.get(digest);
    return remembered === undefined ? this.#lookUp(credential, digest, revision) : this.#admit(remembered, credential);
  }

  /** Writes when keys were last used. Never rejects; call it before the store is closed. */
  flush(): Promise<void> {
    return this.#usage.flush();
  }

  async #lookUp(credential: string, digest: string, revision: number): Promise<Caller> {
    const holder = await this.#keys.findKey(this.#hasher.hash(credential));
    if (holder === undefined) throw refuse(credential);
    const found = { caller: holder, usedAt: holder.key.lastUsedAt ?? 0 };
    const caller = this.#admit(found, credential);
    // A change while the store was asked may have been about this key.
    if (revision === this.#revision) this.#remember(digest, found);
    return caller;
  }

  #admit(remembered: RememberedCaller, credential: string): Caller {
    const { caller } = remembered;
    const now = this.#clock.now();
    if (!isValid(caller, now)) throw refuse(credential);
    if (now - remembered.usedAt >= USE_RESOLUTION_MS) {
      remembered.usedAt = now;
      this.#usage.note(caller.key.id, now);
    }
    return caller;
  }

  #remember(digest: string, found: RememberedCaller): void {
    if (this.#remembered.size >= CACHED_KEYS_MAX) {
      const oldest = this.#remembered.keys().next();
      if (!oldest.done) this.#remembered.delete(oldest.value);
    }
    this.#remembered.set(digest, found);
  }

  #forgetAll(revision: number): void {
    this.#remembered.clear();
    this.#revision = revision;
  }
}

interface RememberedCaller {
  readonly caller: KeyHolder;
  /** Epoch ms of the last use that was noted. */
  usedAt: number;
}

function isValid({ key }: KeyHolder, now: number): boolean {
  if (key.revokedAt !== undefined) return false;
  return key.expiresAt === undefined || now < key.expiresAt;
}

/** At most half of what was sent is repeated: the last four characters of a key, fewer of what is too short to be one. */
function refuse(credential: string): ApiError {
  const shown = Math.min(SHOWN_CHARACTERS_MAX, Math.floor(credential.length / 2));
  const end = credential.slice(credential.length - shown);
  return authenticationFailed(end.replace(/[^\x20-\x7e]/g, '?'));
}
