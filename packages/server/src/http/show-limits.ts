/** Shows in the headers of an answer how much room its caller's limits have, also where nothing was asked of them. */
import { serviceUnavailable } from '@plumb/wire';
import type { Account } from '../accounts/account.js';
import { scopesOf, type Tier } from '../accounts/tier.js';
import { renderHeadroom } from '../limits/headers.js';
import { LimiterLostError } from '../limits/limiter.js';
import type { Platform } from '../platform.js';
import type { AuthenticatedContext, Handler } from './handler.js';

/** A handler whose answers show the limits of the account. */
export function withLimits(handler: Handler): Handler {
  return async (context) => {
    await showLimits(context);
    return handler(context);
  };
}

/** Sets `x-ratelimit-*` for all models without limits of their own, unless they are set already. */
export async function showLimits(context: AuthenticatedContext): Promise<void> {
  if (!context.exchange.showsLimits) await refreshLimits(context);
}

/**
 * Sets `x-ratelimit-*` as they are now for a model, or for all models without limits of their own. Sets nothing while the
 * shared limits cannot be asked.
 */
export async function refreshLimits(
  { platform, exchange, caller }: AuthenticatedContext,
  model?: string,
): Promise<void> {
  const tier = platform.tiers.of(caller.account);
  if (tier === undefined || exchange.headersSent) return;
  const scopes = scopesOf(tier, caller.account, caller.key, model);
  try {
    const headroom = await platform.limiter.peek({ account: caller.account.id, scopes });
    exchange.setHeaders(renderHeadroom(headroom));
  } catch (error) {
    if (!(error instanceof LimiterLostError)) throw error;
  }
}

/** The tier of an account. Throws 503 when the configuration no longer has it: no limits must not mean no limit. */
export function requireTier(platform: Platform, account: Account): Tier {
  const tier = platform.tiers.of(account);
  if (tier !== undefined) return tier;
  const detail = `the account ${account.id} has the tier ${account.tier}, which the configuration does not have`;
  throw serviceUnavailable({ detail });
}
