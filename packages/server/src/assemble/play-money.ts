/** Money of the first account in a rehearsal, so that its first request is not refused for the lack of it. */
import type { Config } from '../config/settings.js';
import { NANO_PER_UNIT } from '../ledger/money.js';
import type { Access } from '../store/open-access.js';

/** What is granted, in units of the currency. */
export const PLAY_MONEY_UNITS = 100n;

/**
 * Grants it to the account of a key that was just made. Rejects with a StoreError.
 *
 * @param key The key itself.
 */
export async function grantPlayMoney(access: Access, { billing }: Config, key: string): Promise<void> {
  const holder = await access.keys.findKey(access.hasher.hash(key));
  if (holder === undefined) return;
  const addition = {
    kind: 'grant' as const,
    accountId: holder.account.id,
    amount: PLAY_MONEY_UNITS * NANO_PER_UNIT,
    currency: billing.currency,
    reference: 'rehearsal',
    note: 'play money of a simulation',
  };
  await access.administration.funds.addFunds(addition, { actor: 'server', at: access.clock.now() });
}
