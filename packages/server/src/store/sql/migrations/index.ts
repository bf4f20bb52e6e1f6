/** All migrations, in the order in which they are applied. They are never changed once released, only added to. */
import type { Migration } from '../migrate.js';
import { accountsAndKeys } from './0001-accounts-and-keys.js';
import { limitsAndMoney } from './0002-limits-and-money.js';
import { idempotencyKeys } from './0003-idempotency-keys.js';

export const MIGRATIONS: readonly Migration[] = [accountsAndKeys, limitsAndMoney, idempotencyKeys];
