/** Issues keys: the only moment at which a key exists in plain text. */
import type { Limits } from '../limits/limiter.js';
import type { Clock } from '../observe/clock.js';
import { type Account, readName } from './account.js';
import { type ApiKey, type KeyHasher, mintKey, newId } from './api-key.js';
import type { KeyAdministration, NewKey } from './key-store.js';

/** A key that has just been made, in plain text for the only time. */
export interface IssuedKey {
  /** `sk-` and 40 letters and digits. */
  readonly key: string;
  readonly account: Account;
  readonly apiKey: ApiKey;
}

/** What a key is issued with. */
export interface KeyIssuer {
  readonly keys: KeyAdministration;
  readonly hasher: KeyHasher;
  readonly clock: Clock;
}

/** Whose key is issued, what it is called, and what it may do. */
export interface KeyRequest {
  /** The id of the account, when it is known to exist. */
  readonly accountId?: string | undefined;
  readonly accountName: string;
  readonly name: string;
  /** Epoch ms; a key without it does not expire. */
  readonly expiresAt?: number | undefined;
  readonly limits?: Limits | undefined;
  readonly models?: readonly string[] | undefined;
}

/**
 * Makes a key and stores its hash; the account is created when it does not exist. `actor` is who wants it, the server
 * itself when nobody is named. Rejects with a NameError.
 */
export async function issueKey(issuer: KeyIssuer, request: KeyRequest, actor?: string): Promise<IssuedKey> {
  const { key, record } = prepareKey(issuer, request);
  const { account, key: apiKey } = await issuer.keys.createKey(record, actor);
  return { key, account, apiKey };
}

/** Makes a key that is stored nowhere yet, and the record to store of it. Throws a NameError. */
export function prepareKey({ hasher, clock }: KeyIssuer, request: KeyRequest): { key: string; record: NewKey } {
  const { accountId = newId('acct'), accountName, name, expiresAt, limits, models } = request;
  const key = mintKey();
  const record = {
    id: newId('key'),
    name: readName(name, 'key'),
    hash: hasher.hash(key),
    lastFour: key.slice(-4),
    createdAt: clock.now(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(limits === undefined ? {} : { limits }),
    ...(models === undefined ? {} : { models }),
    account: { id: accountId, name: readName(accountName, 'account') },
  };
  return { key, record };
}
