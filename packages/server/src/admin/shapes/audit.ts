/** The audit trail as the admin API writes it. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { AUDIT_ACTIONS, type AuditEntry } from '../../accounts/audit.js';
import { writeTime } from '../input/read-time.js';
import { IsoTime, listOf } from './common.js';

/** One change. */
export const AuditAnswer = Type.Object(
  {
    id: Type.Integer(),
    at: IsoTime,
    actor: Type.String({ description: 'The id of an admin key, `cli:` and a user, or `server`.' }),
    action: Type.Enum([...AUDIT_ACTIONS]),
    subject: Type.String({ description: 'The id of what was changed.' }),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { title: 'AuditEntry' },
);
export type AuditAnswer = Static<typeof AuditAnswer>;

export const AuditList = listOf(AuditAnswer, 'AuditList');

export function describeAudit({ id, at, actor, action, subject, details }: AuditEntry): AuditAnswer {
  return { id, at: writeTime(at), actor, action, subject, details };
}
