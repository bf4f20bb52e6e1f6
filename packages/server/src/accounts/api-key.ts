/** The secrets of an account: what is known of them, how they are made and hashed. */
import { createHmac, createSecretKey, type KeyObject, randomInt } from 'node:crypto';
import type { Limits } from '../limits/limiter.js';

/** What is known of a key once it has been issued: everything but the key itself. */
export interface ApiKey {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** The last four characters of the key, to tell keys apart. */
  readonly lastFour: string;
  /** Epoch ms, as are the others. */
  readonly createdAt: number;
  /** The key is refused from this time on. */
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** Exact to a minute. */
  readonly lastUsedAt?: number;
  /** Limits of its own, beside those of its account. */
  readonly limits?: Limits;
  /** The ids of the models that it may use; absent for all. */
  readonly models?: readonly string[];
}

/** Starts every key, as clients and secret scanners know it from DeepSeek and OpenAI. */
export const KEY_PREFIX = 'sk-';

/** Characters after the prefix: 40 of 62 kinds are 238 bits, beyond all guessing. */
export const KEY_RANDOM_CHARACTERS = 40;

/** Characters of an id after its prefix: 95 bits, so that no two ever meet. */
const ID_RANDOM_CHARACTERS = 16;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A new key: `sk-` and 40 random characters. */
export function mintKey(): string {
  return KEY_PREFIX + randomText(KEY_RANDOM_CHARACTERS);
}

/**
 * Hashes keys for storage and look-up: HMAC-SHA-256 (RFC 2104) under the secret of the data folder, so that a copy of
 * the database alone tells nothing, not even whether a known key is in it.
 */
export class KeyHasher {
  readonly #secret: KeyObject;

  constructor(secret: Uint8Array) {
    this.#secret = createSecretKey(secret);
  }

  /** The hash, 43 characters of base64url. */
  hash(key: string): string {
    return createHmac('sha256', this.#secret).update(key).digest('base64url');
  }
}

/** So many letters and digits from the system's cryptographic random source, every one equally likely. */
export function randomText(length: number): string {
  let text = '';
  while (text.length < length) text += BASE62[randomInt(BASE62.length)];
  return text;
}

/** A new id with a prefix that says of what: `newId('key')` is `key_` and 16 letters and digits. */
export function newId(prefix: 'acct' | 'key' | 'adminkey' | 'op'): string {
  return `${prefix}_${randomText(ID_RANDOM_CHARACTERS)}`;
}
