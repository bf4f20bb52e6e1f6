/** `GET /user/balance`: what the account of the key can spend (contract section 1.5). */
import type { UserBalance } from '@plumb/wire';
import type { Balance } from '../ledger/ledger-store.js';
import { floorToCents, formatCents } from '../ledger/money.js';
import type { Platform } from '../platform.js';
import type { Handler } from './handler.js';

export const serveBalance: Handler = async ({ exchange, platform, caller }) => {
  const { granted, toppedUp } = await platform.ledger.balance(caller.account.id);
  const info = {
    currency: platform.config.billing.currency,
    // The sum of what is shown, not of what is there, so that the three amounts always add up.
    total_balance: formatCents(floorToCents(granted) + floorToCents(toppedUp)),
    granted_balance: formatCents(granted),
    topped_up_balance: formatCents(toppedUp),
  };
  const isAvailable = canSpend(platform, { granted, toppedUp });
  const answer: UserBalance = { is_available: isAvailable, balance_infos: [info] };
  exchange.sendJson(200, JSON.stringify(answer));
};

/** Whether a request can be made: something is left, or nothing has to be. */
function canSpend({ config, catalog }: Platform, { granted, toppedUp }: Balance): boolean {
  const mustPay = config.billing.require_balance && catalog.entries.some(({ price }) => price !== undefined);
  return !mustPay || granted + toppedUp > 0n;
}
