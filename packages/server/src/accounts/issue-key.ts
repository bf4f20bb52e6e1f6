/** Issues keys: the only moment at which a key exists in plain text. */
import type { Clock } from '../observe/clock.js';
import { type Account, readName } from './account.js';
import { type ApiKey, type KeyHasher, mintKey, randomText } from './api-key.js';
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

/** Whose key is issued, and what it is called. */
export interface KeyRequest {
  readonly accountName: string;
  readonly name: string;
  /** Epoch ms; a key without it does not expire. */
  readonly expiresAt?: number;
}

/** Characters of an id after its prefix: 95 bits, so that no two ever meet. */
const ID_RANDOM_CHARACTERS = 16;

/** Makes a key and stores its hash; the account is created when it does not exist. Throws a NameError. */
export async function issueKey(issuer: KeyIssuer, request: KeyRequest): Promise<IssuedKey> {
  const { key, record } = prepareKey(issuer, request);
  const { account, key: apiKey } = await issuer.keys.createKey(record);
  return { key, account, apiKey };
}

/** Makes a key that is stored nowhere yet, and the record to store of it. Throws a NameError. */
export function prepareKey({ hasher, clock }: KeyIssuer, request: KeyRequest): { key: string; record: NewKey } {
  const key = mintKey();
  const record = {
    id: `key_${randomText(ID_RANDOM_CHARACTERS)}`,
    name: readName(request.name, 'key'),
    hash: hasher.hash(key),
    lastFour: key.slice(-4),
    createdAt: clock.now(),
    ...(request.expiresAt === undefined ? {} : { expiresAt: request.expiresAt }),
    account: { id: `acct_${randomText(ID_RANDOM_CHARACTERS)}`, name: readName(request.accountName, 'account') },
  };
  return { key, record };
}
