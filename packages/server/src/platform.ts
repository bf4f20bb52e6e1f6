/** Everything that handlers work with, put together in `assemble/` and handed in; there is no other state. */
import type { ModelList, ModelObject } from '@plumb/wire';
import type { Authenticator } from './accounts/authenticate.js';
import type { OperatorAuthenticator } from './accounts/authenticate-operator.js';
import type { Tiers } from './accounts/tier.js';
import type { Administration } from './admin/administration.js';
import type { Operations } from './admin/operations.js';
import type { Catalog, ModelEntry } from './catalog/catalog.js';
import type { Config } from './config/settings.js';
import type { Engines } from './engines/engines.js';
import type { EnginePool } from './engines/pool/pool.js';
import type { PoolState } from './engines/pool/pool-state.js';
import type { Faults } from './faults/faults.js';
import type { TraceIds } from './http/trace-ids.js';
import type { Claims } from './idempotency/claims.js';
import type { KeepAlives } from './inference/keep-alive.js';
import type { Ledger } from './ledger/ledger.js';
import type { PriceList } from './ledger/price-list.js';
import type { AnswerLengths } from './limits/answer-lengths.js';
import type { Limiter } from './limits/limiter.js';
import type { Clock } from './observe/clock.js';
import type { Log } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import type { Reference } from './openapi/reference.js';

/** What follows from the configuration alone. A reload replaces all of it; a request keeps what it began with. */
export interface ConfiguredParts {
  config: Config;
  catalog: Catalog;
  tiers: Tiers;
  prices: PriceList;
  administration: Administration;
  modelList(): ModelList;
  describeModel(entry: ModelEntry): ModelObject;
}

/** What a reload did. */
export interface ReloadReport {
  /** The sections that are other ones now. */
  readonly changed: readonly string[];
  /** The sections that differ as well, and take effect at the next start. */
  readonly needsRestart: readonly string[];
}

/** That answers are not those of a model, so that nobody takes them for it. */
export interface Simulation {
  readonly preset: string;
  /** How many times faster than real the time of the server goes. */
  readonly timeScale: number;
}

/** The pools of this process, for operators. */
export interface PoolDirectory {
  states(): PoolState[];
  get(name: string): Pick<EnginePool, 'drain' | 'resume'> | undefined;
}

export interface Platform extends ConfiguredParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly traceIds: TraceIds;
  readonly authenticator: Authenticator;
  /** Whether the admin API is served. */
  readonly adminEnabled: boolean;
  readonly operators: OperatorAuthenticator;
  readonly limiter: Limiter;
  readonly answerLengths: AnswerLengths;
  readonly ledger: Ledger;
  readonly claims: Claims;
  readonly engines: Engines;
  readonly pools: PoolDirectory;
  readonly keepAlives: KeepAlives;
  readonly faults: Faults;
  /** Made when it is first asked for. */
  reference(): Promise<Reference>;
  /** Undefined where every engine is real. */
  readonly simulation: Simulation | undefined;
  /** Set when the server is told to stop: no longer ready, connections are not kept alive. */
  draining: boolean;
  /** What operators see and change: of this process, or of all workers. */
  readonly operations: Operations;
}
