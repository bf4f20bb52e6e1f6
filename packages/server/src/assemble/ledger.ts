/** Connects the ledger with what surrounds it: the store, the processes of this host, the log and the metrics. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Sweeper } from '../idempotency/sweeper.js';
import { Ledger } from '../ledger/ledger.js';
import type { ServerIdentity } from '../ledger/ledger-store.js';
import { ServerLease } from '../ledger/server-lease.js';
import { systemTimers } from '../limits/index.js';
import type { Clock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import type { Access } from '../store/open-access.js';
import { StoreError } from '../store/store-error.js';
import type { ServerTime } from './simulation.js';

/** Says that this server lives, in real time, and releases what servers held that do not. Rejects with a StoreError. */
export async function beginLease({ ledger }: Access, clock: Clock, log: Log): Promise<ServerLease> {
  const lease = new ServerLease({
    store: ledger,
    server: { id: randomUUID(), host: hostname(), processId: process.pid },
    clock,
    timers: systemTimers,
    isRunning,
    onReleased: (holds) => log.warn({ holds }, 'money that servers held which are gone was released'),
    onError: (error) => log.error({ err: error }, 'the lease of this server could not be renewed'),
  });
  await lease.begin();
  return lease;
}

/** Sweeps expired answers from now on. */
export function beginSweeping({ keptAnswers }: Access, { clock, timers }: ServerTime, log: Log): Sweeper {
  const onError = (error: unknown) => log.warn({ err: error }, 'expired answers could not be deleted');
  const sweeper = new Sweeper({ store: keptAnswers, clock, timers, onError });
  sweeper.begin();
  return sweeper;
}

/** Signal 0 reaches every process that there is; EPERM says that it is another user's. */
function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export interface OpenLedgerOptions {
  readonly access: Access;
  readonly server: ServerIdentity;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether an answer ends only when its charge is on the disk. */
  readonly waitsForDisk: () => boolean;
  /** How many requests are under way. */
  readonly siblings: () => number;
}

export function openLedger(options: OpenLedgerOptions): Ledger {
  const { access, server, clock, log, metrics, siblings, waitsForDisk } = options;
  const onUnwritten = (error: unknown) =>
    log.error({ err: error }, 'the journal cannot be written: answers wait for the database until it can');
  return new Ledger({
    store: access.ledger,
    serverId: server.id,
    journal: access.journals?.open(server.id, onUnwritten),
    waitsForStore: waitsForDisk,
    ...{ clock, siblings },
    isStoreFailure: (error) => error instanceof StoreError,
    onFailure(error, waiting) {
      metrics.ledgerBacklog(waiting);
      log.error({ err: error, waiting }, 'the ledger could not be written');
    },
    onGivenUp: ({ kind, requestId, accountId }, error) =>
      log.error({ err: error, kind, requestId, accountId }, 'the ledger does not take this: it is lost'),
    onCommitted(durationMs, operations, waiting) {
      metrics.ledgerCommitted(durationMs / 1000, operations);
      metrics.ledgerBacklog(waiting);
    },
  });
}
