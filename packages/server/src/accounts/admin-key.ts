/** The keys of operators, with which the admin API is used: unlike those of accounts in form, and never a substitute. */
import { KEY_RANDOM_CHARACTERS, randomText } from './api-key.js';
import type { Authorship } from './audit.js';

/** What is known of an admin key once it has been issued: everything but the key itself. */
export interface AdminKey {
  readonly id: string;
  readonly name: string;
  /** The last four characters of the key, to tell keys apart. */
  readonly lastFour: string;
  /** Epoch ms, as are the others. */
  readonly createdAt: number;
  readonly revokedAt?: number;
  /** Exact to a minute. */
  readonly lastUsedAt?: number;
}

/** An admin key that is to be stored. */
export interface NewAdminKey {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly lastFour: string;
  /** Epoch ms. */
  readonly createdAt: number;
}

/** Starts every admin key, so that people and secret scanners see what they have in front of them. */
export const ADMIN_KEY_PREFIX = 'sk-admin-';

/** A new admin key: `sk-admin-` and 40 random letters and digits. */
export function mintAdminKey(): string {
  return ADMIN_KEY_PREFIX + randomText(KEY_RANDOM_CHARACTERS);
}

/**
 * What managing admin keys needs of a store. Every change is one transaction with its audit entry. Rejects with a
 * StoreError when the store fails.
 */
export interface AdminKeyStore {
  createAdminKey(newKey: NewAdminKey, author: Authorship): Promise<AdminKey>;
  /** The admin key with this hash, also when it is revoked. */
  findAdminKey(hash: string): Promise<AdminKey | undefined>;
  /** Remembers when admin keys (by id) were last used (epoch ms); never sets a time back. */
  recordUse(lastUsedAt: ReadonlyMap<string, number>): Promise<void>;
  /** All, revoked ones too, in the order of their creation. */
  listAdminKeys(): Promise<AdminKey[]>;
  /** Revokes a key; the time of the first revocation stays. Undefined when there is no such key. */
  revokeAdminKey(id: string, author: Authorship): Promise<AdminKey | undefined>;
}
