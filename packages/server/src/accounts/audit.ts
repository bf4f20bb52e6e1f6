/** The audit trail: who changed what, when; written in one transaction with every change, and never changed itself. */
import type { Page } from './page.js';

/** Who changes something, and when. */
export interface Authorship {
  /** The id of an admin key, `cli:` and a user of the system, or `server`. */
  readonly actor: string;
  /** Epoch ms. */
  readonly at: number;
}

/** Whoever changes something without having been told to: the first start, which makes the first key. */
export const SERVER_ACTOR = 'server';

/** Everything that is written down. */
export const AUDIT_ACTIONS = [
  'account.create',
  'account.update',
  'key.create',
  'key.update',
  'key.revoke',
  'funds.credit',
  'funds.grant',
  'admin_key.create',
  'admin_key.revoke',
  'config.reload',
  'engine.drain',
  'engine.resume',
  'fault.add',
  'fault.remove',
  'fault.clear',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One change. */
export interface AuditEntry extends Authorship {
  /** In the order in which the changes were made. */
  readonly id: number;
  readonly action: AuditAction;
  /** The id of what was changed: an account, a key or an admin key. */
  readonly subject: string;
  /** What exactly, for people; keys are as the admin API writes them. Never holds a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What is done that changes nothing in the store. */
export type UnstoredChange = Pick<AuditEntry, 'subject' | 'details'> & {
  readonly action: Extract<AuditAction, 'config.reload' | `engine.${string}` | `fault.${string}`>;
};

/** What the trail needs of a store. Rejects with a StoreError when it fails. */
export interface AuditTrail {
  /** Writes down what was done outside of the store. */
  recordChange(change: UnstoredChange, author: Authorship): Promise<void>;
  /** Newest first, those before the entry `after`. */
  listAudit(page: Page<number>): Promise<AuditEntry[]>;
}
