/** What a command or a server needs to know callers by their keys, and to issue keys. */
import { KeyHasher } from '../accounts/api-key.js';
import type { KeyIssuer } from '../accounts/issue-key.js';
import type { KeyLookup } from '../accounts/key-store.js';
import { openStore, type StoreOptions } from './open-store.js';

/** Keys, open for use. */
export interface Access extends KeyIssuer {
  readonly keys: KeyIssuer['keys'] & KeyLookup;
  /** Nothing of it may be used afterwards. */
  close(): Promise<void>;
}

/** Opens a store as far as keys are concerned. Rejects with a StoreError. */
export async function openAccess(options: StoreOptions): Promise<Access> {
  const { keys, secret, close } = await openStore(options);
  return { keys, hasher: new KeyHasher(secret), clock: options.clock, close };
}
