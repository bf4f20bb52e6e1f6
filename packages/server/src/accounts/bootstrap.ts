/** The first key of a new data folder, so that a fresh start can be used at once. */
import { DEFAULT_ACCOUNT_NAME } from './account.js';
import { type KeyIssuer, prepareKey } from './issue-key.js';

/** The name of the key that is made at the first start. */
export const FIRST_KEY_NAME = 'first';

/**
 * Makes the account `default` and a first key when the store never held a key; afterwards, also when that key was
 * revoked, does nothing and returns undefined. Of several processes that start at once exactly one gets a key.
 */
export async function ensureFirstKey(issuer: KeyIssuer): Promise<{ key: string } | undefined> {
  const { key, record } = prepareKey(issuer, { accountName: DEFAULT_ACCOUNT_NAME, name: FIRST_KEY_NAME });
  const created = await issuer.keys.createFirstKey(record);
  return created === undefined ? undefined : { key };
}
