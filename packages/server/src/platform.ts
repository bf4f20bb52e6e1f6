/** Everything that handlers work with, built once in main.ts and handed in; there is no other state. */
import type { ModelList, ModelObject } from '@plumb/wire';
import type { Authenticator } from './accounts/authenticate.js';
import type { OperatorAuthenticator } from './accounts/authenticate-operator.js';
import type { Tiers } from './accounts/tier.js';
import type { Administration } from './admin/administration.js';
import type { Catalog, ModelEntry } from './catalog/catalog.js';
import type { Config } from './config/settings.js';
import type { Engines } from './engines/engines.js';
import type { KeepAlives } from './inference/keep-alive.js';
import type { Ledger } from './ledger/ledger.js';
import type { PriceList } from './ledger/price-list.js';
import type { AnswerLengths } from './limits/answer-lengths.js';
import type { Limiter } from './limits/limiter.js';
import type { Clock } from './observe/clock.js';
import type { Log } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import type { Reference } from './openapi/reference.js';

export interface Platform {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly catalog: Catalog;
  readonly authenticator: Authenticator;
  /** Whether the admin API is served. */
  readonly adminEnabled: boolean;
  readonly operators: OperatorAuthenticator;
  readonly administration: Administration;
  readonly tiers: Tiers;
  readonly limiter: Limiter;
  readonly answerLengths: AnswerLengths;
  readonly prices: PriceList;
  readonly ledger: Ledger;
  readonly engines: Engines;
  readonly keepAlives: KeepAlives;
  readonly reference: Reference;
  /** Set when the server is told to stop: no longer ready, connections are not kept alive. */
  draining: boolean;
  modelList(): ModelList;
  describeModel(entry: ModelEntry): ModelObject;
}
