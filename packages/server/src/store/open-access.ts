/** What a command or a server needs to know callers by their keys, to issue keys, to manage accounts, and to account. */
import { KeyHasher } from '../accounts/api-key.js';
import type { KeyIssuer } from '../accounts/issue-key.js';
import type { KeyLookup } from '../accounts/key-store.js';
import { openStore, type Store, type StoreOptions } from './open-store.js';

/** A store, open for use. */
export interface Access extends KeyIssuer, Pick<Store, 'administration' | 'ledger' | 'journals' | 'keptAnswers'> {
  readonly keys: KeyIssuer['keys'] & KeyLookup;
  /** Nothing of it may be used afterwards. */
  close(): Promise<void>;
}

/** Opens a store. Rejects with a StoreError. */
export async function openAccess(options: StoreOptions): Promise<Access> {
  const { secret, ...store } = await openStore(options);
  return { ...store, hasher: new KeyHasher(secret), clock: options.clock };
}
