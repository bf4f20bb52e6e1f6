/** Keys as the admin API reads and writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { ApiKey } from '../../accounts/api-key.js';
import type { KeyHolder } from '../../accounts/key-store.js';
import { pageParameters } from '../input/page.js';
import { writeTime } from '../input/read-time.js';
import { AccountReference, IsoTime, Limit, listOf, ModelName, Name, nullable, TimeText } from './common.js';

/** The most models that one key names. */
const MODELS_MAX = 1000;

const Models = Type.Array(ModelName, { minItems: 1, maxItems: MODELS_MAX });

/** What a key may do; null is without. */
const permissions = {
  /** The key is refused from this time on. */
  expires_at: Type.Optional(nullable(TimeText)),
  requests_per_minute: Type.Optional(nullable(Limit)),
  tokens_per_minute: Type.Optional(nullable(Limit)),
  concurrent_requests: Type.Optional(nullable(Limit)),
  /** The models that it may use; null for all. */
  models: Type.Optional(nullable(Models)),
};

/** A new key. */
export const KeyCreation = Type.Object(
  { account: AccountReference, name: Type.Optional(Name), ...permissions },
  { title: 'KeyCreation' },
);
export type KeyCreation = Static<typeof KeyCreation>;

/** What changes of a key; what is left out stays as it is, and null takes it away. */
export const KeyChange = Type.Object({ name: Type.Optional(Name), ...permissions }, { title: 'KeyChange' });
export type KeyChange = Static<typeof KeyChange>;

/** Which keys are listed. */
export const KeyQuery = Type.Object(
  { account: Type.Optional(AccountReference), ...pageParameters },
  { title: 'KeyQuery' },
);
export type KeyQuery = Static<typeof KeyQuery>;

const whole = nullable(Type.Integer());

const answer = {
  id: Type.String(),
  account_id: Type.String(),
  account: Type.String({ description: 'The name of the account.' }),
  name: Type.String(),
  last_four: Type.String({ description: 'The last four characters of the key.' }),
  state: Type.Enum(['active', 'expired', 'revoked']),
  created_at: IsoTime,
  expires_at: nullable(IsoTime),
  revoked_at: nullable(IsoTime),
  last_used_at: nullable(IsoTime),
  requests_per_minute: whole,
  tokens_per_minute: whole,
  concurrent_requests: whole,
  models: nullable(Type.Array(Type.String())),
};

/** A key, but for the key itself. */
export const KeyAnswer = Type.Object(answer, { title: 'Key' });
export type KeyAnswer = Static<typeof KeyAnswer>;

/** A key that has just been made. */
export const CreatedKeyAnswer = Type.Object(
  { key: Type.String({ description: 'The key; it is shown this once.' }), ...answer },
  { title: 'CreatedKey' },
);

export const KeyList = listOf(KeyAnswer, 'KeyList');

/** `now` is epoch ms: a key may have expired by then. */
export function describeKey({ account, key }: KeyHolder, now: number): KeyAnswer {
  return {
    id: key.id,
    account_id: account.id,
    account: account.name,
    name: key.name,
    last_four: key.lastFour,
    state: stateOf(key, now),
    created_at: writeTime(key.createdAt),
    expires_at: timeOrNull(key.expiresAt),
    revoked_at: timeOrNull(key.revokedAt),
    last_used_at: timeOrNull(key.lastUsedAt),
    requests_per_minute: key.limits?.requestsPerMinute ?? null,
    tokens_per_minute: key.limits?.tokensPerMinute ?? null,
    concurrent_requests: key.limits?.concurrentRequests ?? null,
    models: key.models === undefined ? null : [...key.models],
  };
}

function stateOf(key: ApiKey, now: number): KeyAnswer['state'] {
  if (key.revokedAt !== undefined) return 'revoked';
  return key.expiresAt !== undefined && key.expiresAt <= now ? 'expired' : 'active';
}

/** A time that may not be there. */
export function timeOrNull(at: number | undefined): string | null {
  return at === undefined ? null : writeTime(at);
}
