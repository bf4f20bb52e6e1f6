/** Who uses the admin API: the first step of its requests, before routing. */
import { type ApiError, authenticationFailed, credentialsMissing, permissionDenied } from '@plumb/wire';
import type { Clock } from '../observe/clock.js';
import { ADMIN_KEY_PREFIX, type AdminKey, type AdminKeyStore } from './admin-key.js';
import { KEY_PREFIX, KEY_RANDOM_CHARACTERS, type KeyHasher } from './api-key.js';
import type { Authenticator } from './authenticate.js';
import { type CredentialHeaders, readCredential } from './credentials.js';
import { KeyUsage, USE_RESOLUTION_MS } from './key-usage.js';

/** What an OperatorAuthenticator works with. */
export interface OperatorAuthenticatorOptions {
  readonly adminKeys: Pick<AdminKeyStore, 'findAdminKey' | 'recordUse'>;
  readonly hasher: KeyHasher;
  readonly clock: Clock;
  /** Knows the keys of accounts, whose holders are told that these are the wrong ones. */
  readonly callers: Pick<Authenticator, 'authenticate'>;
  /** Hears of failures beside the way of a request: `lastUsedAt` could not be written. */
  readonly onError: (error: unknown) => void;
}

/**
 * Tells operators by their admin keys. Nothing is remembered between requests, so that a revoked key is refused at once;
 * what cannot be a key by its form costs no look-up.
 */
export class OperatorAuthenticator {
  readonly #options: OperatorAuthenticatorOptions;
  readonly #usage: KeyUsage;

  constructor(options: OperatorAuthenticatorOptions) {
    this.#options = options;
    this.#usage = new KeyUsage(options.adminKeys, options.onError);
  }

  /**
   * The admin key of a request. Rejects with 401 when there is no key, or an unknown, revoked or expired one; with 403
   * when it is the key of an account; and with what the store throws.
   */
  async authenticate(headers: CredentialHeaders): Promise<AdminKey> {
    const credential = readCredential(headers);
    if (credential === undefined) throw credentialsMissing();
    if (ACCOUNT_KEY.test(credential)) throw await this.#refuseCaller(headers);
    if (!ADMIN_KEY.test(credential)) throw refuse(credential);
    const { adminKeys, hasher } = this.#options;
    const adminKey = await adminKeys.findAdminKey(hasher.hash(credential));
    if (adminKey === undefined || adminKey.revokedAt !== undefined) throw refuse(credential);
    this.#noteUse(adminKey);
    return adminKey;
  }

  /** Writes when admin keys were last used. Never rejects; call it before the store is closed. */
  flush(): Promise<void> {
    return this.#usage.flush();
  }

  async #refuseCaller(headers: CredentialHeaders): Promise<ApiError> {
    await this.#options.callers.authenticate(headers);
    return permissionDenied(
      'This is the key of an account, which the admin API does not take: use an admin key (`plumb admin-keys create`).',
    );
  }

  #noteUse({ id, lastUsedAt = 0 }: AdminKey): void {
    const now = this.#options.clock.now();
    if (now - lastUsedAt >= USE_RESOLUTION_MS) this.#usage.note(id, now);
  }
}

const ACCOUNT_KEY = new RegExp(`^${KEY_PREFIX}[0-9A-Za-z]{${KEY_RANDOM_CHARACTERS}}$`);
const ADMIN_KEY = new RegExp(`^${ADMIN_KEY_PREFIX}[0-9A-Za-z]{${KEY_RANDOM_CHARACTERS}}$`);

/** What is not even in the form of a key is repeated with at most half of its characters. */
function refuse(credential: string): ApiError {
  const shown = Math.min(4, Math.floor(credential.length / 2));
  return authenticationFailed(credential.slice(credential.length - shown).replace(/[^\x20-\x7e]/g, '?'));
}
