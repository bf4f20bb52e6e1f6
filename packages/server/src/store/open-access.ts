/** What a command or a server needs of a store: to know callers by their keys, to issue keys, and to account. */
import { KeyHasher } from '../accounts/api-key.js';
import type { KeyIssuer } from '../accounts/issue-key.js';
import type { KeyLookup } from '../accounts/key-store.js';
import type { LedgerStore } from '../ledger/ledger-store.js';
import { openStore, type StoreOptions } from './open-store.js';

/** Keys and the ledger, open for use. */
export interface Access extends KeyIssuer {
  readonly keys: KeyIssuer['keys'] & KeyLookup;
  readonly ledger: LedgerStore;
  /** Nothing of it may be used afterwards. */
  close(): Promise<void>;
}

/** Opens the store of a data folder. Rejects with a StoreError. */
export async function openAccess(options: StoreOptions): Promise<Access> {
  const { keys, ledger, secret, close } = await openStore(options);
  return { keys, ledger, hasher: new KeyHasher(secret), clock: options.clock, close };
}
