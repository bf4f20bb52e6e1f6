/** What accounts and keys need of a store. Adapters live in `store/`. */
import type { Limits } from '../limits/limiter.js';
import type { Account } from './account.js';
import type { ApiKey } from './api-key.js';
import type { Authorship } from './audit.js';
import type { CreationCursor, Page } from './page.js';

/** A key together with its account. */
export interface KeyHolder {
  readonly account: Account;
  readonly key: ApiKey;
}

/** A key that is to be stored, with the account that it belongs to. */
export interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly lastFour: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly limits?: Limits;
  readonly models?: readonly string[];
  /** The account with this id, else the one of this name; made, with both, when there is neither. */
  readonly account: { readonly id: string; readonly name: string };
}

/** What every request needs. */
export interface KeyLookup {
  /**
   * A number that is another one as soon as any process has changed what a key may do: it was created, changed or
   * revoked, or its account was changed. Between servers on one PostgreSQL that is when its notice has arrived, usually
   * within a millisecond; what this process changed counts when the verb returns. While changes of others cannot be heard
   * of, every call gives another number. Synchronous, and cheap enough to be asked for every request. Throws when the
   * store cannot be read.
   */
  revision(): number;
  /** The key with this hash, also when it is revoked or expired. Rejects when the store cannot be read. */
  findKey(hash: string): Promise<KeyHolder | undefined>;
  /** Remembers when keys (by id) were last used (epoch ms); never sets a time back. */
  recordUse(lastUsedAt: ReadonlyMap<string, number>): Promise<void>;
}

/** What changes of a key; what is left out stays as it is, and null takes it away. */
export interface KeyChanges {
  readonly name?: string | undefined;
  /** Epoch ms. */
  readonly expiresAt?: number | null | undefined;
  readonly limits?: { readonly [Limit in keyof Limits]?: number | null | undefined };
  readonly models?: readonly string[] | null | undefined;
}

/** Which keys are listed. */
export interface KeyFilter extends Partial<Page<CreationCursor>> {
  readonly accountId?: string | undefined;
}

/**
 * What whoever manages keys needs. Every change is one transaction with its audit entry: done and durable, or not done;
 * `actor` is who makes it, the server itself when nobody is named.
 */
export interface KeyAdministration {
  /** Stores a key, and its account when it does not exist. */
  createKey(newKey: NewKey, actor?: string): Promise<KeyHolder>;
  /** Stores a key when no key was ever stored, whoever else tries at the same moment; undefined when there was one. */
  createFirstKey(newKey: NewKey): Promise<KeyHolder | undefined>;
  /** The chosen keys, else all; revoked ones too; in the order of their creation. */
  listKeys(filter?: KeyFilter): Promise<KeyHolder[]>;
  /** The key with this id, not the hash. */
  getKey(id: string): Promise<KeyHolder | undefined>;
  /** Changes a key, also one that is revoked or expired. Undefined when there is no such key. */
  changeKey(id: string, changes: KeyChanges, author: Authorship): Promise<KeyHolder | undefined>;
  /** Revokes a key at a time (epoch ms); the time of the first revocation stays. Undefined when there is no such key. */
  revokeKey(id: string, at: number, actor?: string): Promise<KeyHolder | undefined>;
}
