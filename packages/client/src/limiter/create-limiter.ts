/** Builds the limiter of one process. `node/shared-limits.ts` builds the one that several processes share. */
import { KitError } from '../errors/kit-error.js';
import { type Clock, systemClock } from '../time/clock.js';
import type { LedgerOptions } from './booking.js';
import type { LimiterEvent } from './events.js';
import { Ledger } from './ledger.js';
import { type Books, Scheduler } from './scheduler.js';

export interface LimiterOptions extends LedgerOptions {
  /** Default: that of the machine. */
  readonly clock?: Clock;
  readonly onEvent?: (event: LimiterEvent) => void;
}

/**
 * A limiter for one key and one model of one endpoint.
 *
 * @throws KitError invalid_input for limits or a margin that cannot be.
 */
export function createLimiter(options: LimiterOptions = {}): Scheduler {
  requireLimits(options);
  const ledger: Books = new Ledger(options);
  const { clock = systemClock, onEvent } = options;
  return new Scheduler({ clock, exclusively: (action) => action(ledger), ...(onEvent && { onEvent }) });
}

/** @throws KitError invalid_input for limits or a margin that cannot be. */
export function requireLimits({ limits = {}, margin = 0 }: LedgerOptions): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit !== undefined && !(limit >= 1)) {
      throw new KitError(
        'invalid_input',
        `The limit ${name} is ${limit}. Give a number of at least 1, or leave it out.`,
      );
    }
  }
  if (!(margin >= 0 && margin < 100)) {
    throw new KitError('invalid_input', `The margin is ${margin} per cent. Give a number from 0 to below 100.`);
  }
}
