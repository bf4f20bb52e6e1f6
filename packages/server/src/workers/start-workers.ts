/** Starts a server of several workers from its configuration, and stops it. */
import { ensureFirstKey } from '../accounts/bootstrap.js';
import { openAccounts } from '../assemble/accounts.js';
import type { Config } from '../config/settings.js';
import type { FaultSummary } from '../faults/faults.js';
import { systemClock } from '../observe/clock.js';
import { createLog, type Log } from '../observe/log.js';
import type { ReloadReport } from '../platform.js';
import { Primary } from './primary.js';
import { findCrowded } from './share-config.js';

/** The connections of the primary to a PostgreSQL, which it asks little. */
const CONNECTIONS = 2;

export interface WorkersOptions {
  /** `workers` is how many there are. */
  readonly config: Config;
  /** Reads the configuration again, for reloads. Rejects with a ConfigError. */
  readonly readConfig: () => Promise<Config>;
  /** The secret of the keys in 64 hex digits, instead of the file in the data folder. */
  readonly secret?: string | undefined;
}

/** Workers that listen. */
export interface RunningWorkers {
  /** `http://host:port`, of all of them. */
  readonly url: string;
  /** The key that this start minted, when it was the first one of its data folder. */
  readonly firstKey: string | undefined;
  /** What is injected on purpose. */
  readonly faults: FaultSummary;
  /** Rejects with a sentence when a worker keeps dying; then all of them have been stopped. */
  readonly failed: Promise<never>;
  /** Resolves with the names of what generates. */
  ready(): Promise<string[]>;
  /** Reads the configuration again; all take it on, or none. Rejects with a ConfigError; then nothing changed. */
  reload(): Promise<ReloadReport>;
  /** Lets requests under way finish for at most `timeoutMs`, then stops; returns how many connections were cut. */
  stop(timeoutMs?: number): Promise<number>;
  /** Stops in the middle of whatever is done, and gives back what was held. */
  cut(): Promise<void>;
}

/** Makes this process a primary, and starts its workers. Rejects with a sentence when they cannot be started. */
export async function startWorkers({ config, readConfig, secret }: WorkersOptions): Promise<RunningWorkers> {
  const log = createLog(config.log.level, { isShared: true });
  const ownConfig = { ...config, database: { ...config.database, connections: CONNECTIONS } };
  const access = await openAccounts(ownConfig, { clock: systemClock, log, secret });
  try {
    const firstKey = await ensureFirstKey(access);
    warnOfCrowds(config, log);
    const primary = new Primary({ config, readConfig, secret, access, log });
    const { url, faults } = await primary.start();
    return {
      ...{ url, firstKey: firstKey?.key, faults, failed: primary.failed },
      ready: () => primary.ready(),
      reload: () => primary.operations.reload('server'),
      stop: (timeoutMs = config.http.drain_timeout_s * 1000) => primary.stop(timeoutMs),
      cut: () => primary.cut(),
    };
  } catch (error) {
    await access.close();
    log.flush();
    throw error;
  }
}

function warnOfCrowds(config: Config, log: Log): void {
  for (const crowded of findCrowded(config)) {
    const what = 'an engine has fewer places than there are workers: each of them gives it one request at a time';
    log.warn({ ...crowded, workers: config.workers }, what);
  }
}
