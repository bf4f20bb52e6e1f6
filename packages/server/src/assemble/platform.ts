/** Puts everything together that handlers work with. */

import { Authenticator } from '../accounts/authenticate.js';
import { OperatorAuthenticator } from '../accounts/authenticate-operator.js';
import { isAdminEnabled } from '../admin/enabled.js';
import type { Operations } from '../admin/operations.js';
import type { Config } from '../config/settings.js';
import type { Engines } from '../engines/engines.js';
import { TraceIds } from '../http/trace-ids.js';
import { Claims } from '../idempotency/claims.js';
import { KeepAlives } from '../inference/keep-alive.js';
import type { ServerIdentity } from '../ledger/ledger-store.js';
import { AnswerLengths, type Limiter } from '../limits/index.js';
import type { Log } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import type { Reference } from '../openapi/reference.js';
import type { Platform } from '../platform.js';
import type { Access } from '../store/open-access.js';
import { configure } from './configured.js';
import { openFaults } from './faults.js';
import { openLedger } from './ledger.js';
import { createOperations } from './operations.js';
import { packageVersion } from './package-version.js';
import type { Pools } from './pools.js';
import { reload } from './reload.js';
import { describeSimulation, type ServerTime } from './simulation.js';

export interface Parts {
  readonly config: Config;
  readonly time: ServerTime;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly engines: Engines;
  readonly pools: Pools;
  readonly access: Access;
  readonly server: ServerIdentity;
  readonly limiter: Limiter;
  /** Reads the configuration again. Rejects with a ConfigError. */
  readonly readConfig: () => Promise<Config>;
  /** Stands between operators and this process. */
  readonly wrapOperations?: ((operations: Operations) => Operations) | undefined;
}

export function buildPlatform(parts: Parts): Platform {
  const { config, time, log, metrics, engines, pools, access, limiter, readConfig } = parts;
  const { wrapOperations = (operations) => operations } = parts;
  const { clock, timers } = time;
  const { keep_alive_interval_s, start_timeout_s } = config.http;
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of a key could not be written');
  const authenticator = new Authenticator({ ...access, onError });
  const keepAlives = new KeepAlives({
    ...time,
    intervalMs: keep_alive_interval_s * 1000,
    startTimeoutMs: start_timeout_s * 1000,
  });
  const waitsForDisk = () => platform.config.billing.wait_for_disk;
  const ledger = openLedger({ ...parts, clock, waitsForDisk, siblings: () => keepAlives.size });
  const faults = openFaults(config, time, log);
  const operations = createOperations({
    ...{ pools, faults, engines, metrics },
    reload: oneAtATime((actor) => reload({ platform, pools, access, readConfig }, actor)),
  });
  const platform: Platform = {
    ...configure(config, access, engines),
    clock,
    log,
    metrics,
    authenticator,
    adminEnabled: isAdminEnabled(config),
    operators: createOperatorAuthenticator(access, authenticator, log),
    limiter,
    answerLengths: new AnswerLengths(),
    ledger,
    claims: new Claims({ ledger, store: access.keptAnswers, clock, timers }),
    engines,
    pools,
    keepAlives,
    faults,
    reference: once(() => describeApi(config)),
    simulation: describeSimulation(config, time),
    traceIds: new TraceIds(),
    draining: false,
    operations: wrapOperations(operations),
  };
  return platform;
}

/** On demand: the most servers are never asked for it. */
async function describeApi(config: Config): Promise<Reference> {
  const { Reference } = await import('../openapi/reference.js');
  return new Reference({ version: packageVersion(), admin: isAdminEnabled(config) });
}

function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Two reloads that meet must not mix two configurations. */
function oneAtATime<Result>(run: (actor: string) => Promise<Result>): (actor: string) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (actor) => {
    const next = last.then(() => run(actor));
    last = next.catch(() => {});
    return next;
  };
}

function createOperatorAuthenticator(access: Access, callers: Authenticator, log: Log): OperatorAuthenticator {
  const { hasher, clock } = access;
  const { adminKeys } = access.administration;
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of an admin key could not be written');
  return new OperatorAuthenticator({ adminKeys, hasher, clock, callers, onError });
}
