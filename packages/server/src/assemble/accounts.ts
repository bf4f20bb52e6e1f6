/** Opens accounts, keys and the ledger as the configuration says. */
import type { Config } from '../config/settings.js';
import type { Clock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';
import type { Recovery } from '../store/journal/journal-folder.js';
import { type Access, openAccess } from '../store/open-access.js';

export interface OpenAccountsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** 64 hex digits, instead of the file in the data folder. */
  readonly secret?: string | undefined;
}

/** Rejects with a StoreError, also when the ledger is in another currency than the configuration. */
export async function openAccounts(config: Config, { clock, log, secret }: OpenAccountsOptions): Promise<Access> {
  const { data_dir: dataDir, database } = config;
  const onLost = (error: Error) => log.warn({ err: error }, 'keys are looked up for every request until it is back');
  const onRecovered = (recovery: Recovery) => logRecovery(log, recovery);
  const access = await openAccess({ dataDir, clock, ownThread: true, database, secret, onLost, onRecovered });
  try {
    await access.administration.funds.useCurrency(config.billing.currency);
    return access;
  } catch (error) {
    await access.close();
    throw error;
  }
}

/** What cannot be read or taken is money that somebody has to look after. */
function logRecovery(log: Log, { serverId, settled, refused, damagedFile }: Recovery): void {
  const found = { server: serverId, settled, refused };
  if (damagedFile !== undefined) {
    log.error({ ...found, file: damagedFile }, 'a journal has lines that cannot be read: the file is kept');
  } else if (refused > 0) log.error(found, 'the database does not take some of what a journal has: it is lost');
  else log.info(found, 'the charges of a server that is gone were taken from its journal');
}
