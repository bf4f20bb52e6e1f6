/** The keys of operators as the admin API reads and writes them. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import type { AdminKey } from '../../accounts/admin-key.js';
import { writeTime } from '../input/read-time.js';
import { IsoTime, listOf, Name, nullable } from './common.js';
import { timeOrNull } from './key.js';

/** A new admin key. */
export const AdminKeyCreation = Type.Object({ name: Name }, { title: 'AdminKeyCreation' });
export type AdminKeyCreation = Static<typeof AdminKeyCreation>;

const answer = {
  id: Type.String(),
  name: Type.String(),
  last_four: Type.String({ description: 'The last four characters of the key.' }),
  state: Type.Enum(['active', 'revoked']),
  created_at: IsoTime,
  revoked_at: nullable(IsoTime),
  last_used_at: nullable(IsoTime),
};

/** An admin key, but for the key itself. */
export const AdminKeyAnswer = Type.Object(answer, { title: 'AdminKey' });
export type AdminKeyAnswer = Static<typeof AdminKeyAnswer>;

/** An admin key that has just been made. */
export const CreatedAdminKeyAnswer = Type.Object(
  { key: Type.String({ description: 'The key; it is shown this once.' }), ...answer },
  { title: 'CreatedAdminKey' },
);

export const AdminKeyList = listOf(AdminKeyAnswer, 'AdminKeyList');

export function describeAdminKey(key: AdminKey): AdminKeyAnswer {
  return {
    id: key.id,
    name: key.name,
    last_four: key.lastFour,
    state: key.revokedAt === undefined ? 'active' : 'revoked',
    created_at: writeTime(key.createdAt),
    revoked_at: timeOrNull(key.revokedAt),
    last_used_at: timeOrNull(key.lastUsedAt),
  };
}
