/** Puts everything together that handlers work with. */
import { Authenticator } from '../accounts/authenticate.js';
import { OperatorAuthenticator } from '../accounts/authenticate-operator.js';
import { Tiers } from '../accounts/tier.js';
import { createAdministration } from '../admin/create-administration.js';
import { isAdminEnabled } from '../admin/enabled.js';
import { Catalog, describeModel, type ModelEntry, type ModelFacts } from '../catalog/catalog.js';
import { EMBEDDED_POOL } from '../catalog/model-entry.js';
import { DEFAULT_EFFORT, EFFORT_LEVELS } from '../catalog/thinking.js';
import type { Config } from '../config/settings.js';
import type { Engine } from '../engines/engine.js';
import { EMBEDDED_EMBEDDINGS, Engines } from '../engines/engines.js';
import { KeepAlives } from '../inference/keep-alive.js';
import type { ServerIdentity } from '../ledger/ledger-store.js';
import { PriceList } from '../ledger/price-list.js';
import { AnswerLengths, type Limiter } from '../limits/index.js';
import type { Clock } from '../observe/clock.js';
import type { Log } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import { Reference } from '../openapi/reference.js';
import type { Platform } from '../platform.js';
import type { Access } from '../store/open-access.js';
import { openLedger } from './ledger.js';
import { packageVersion } from './package-version.js';

export interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly engine: Engine;
  readonly embedder: Engine | undefined;
  readonly access: Access;
  readonly server: ServerIdentity;
  readonly limiter: Limiter;
}

export function buildPlatform(parts: Parts): Platform {
  const { config, clock, log, metrics, engine, embedder, access, limiter } = parts;
  const { keep_alive_interval_s, start_timeout_s } = config.http;
  const catalog = new Catalog(config.models, { strict: config.strict_models || config.contract === 'strict' });
  const engines = new Engines(
    new Map([[EMBEDDED_POOL, engine], ...(embedder === undefined ? [] : [[EMBEDDED_EMBEDDINGS, embedder] as const])]),
  );
  const facts = (entry: ModelEntry) => findFacts(engines, entry);
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of a key could not be written');
  const authenticator = new Authenticator({ ...access, onError });
  return {
    config,
    clock,
    log,
    metrics,
    catalog,
    authenticator,
    adminEnabled: isAdminEnabled(config),
    operators: createOperatorAuthenticator(access, authenticator, log),
    administration: createAdministration(config, access),
    tiers: new Tiers(config.tiers, config.default_tier),
    limiter,
    answerLengths: new AnswerLengths(),
    prices: new PriceList(config.models, config.billing.peak),
    ledger: openLedger(parts),
    engines,
    keepAlives: new KeepAlives(clock, {
      intervalMs: keep_alive_interval_s * 1000,
      startTimeoutMs: start_timeout_s * 1000,
    }),
    reference: new Reference({ version: packageVersion(), admin: isAdminEnabled(config) }),
    draining: false,
    modelList: () => catalog.list(facts),
    describeModel: (entry) => describeModel(entry, facts(entry)),
  };
}

function findFacts(engines: Engines, entry: ModelEntry): ModelFacts {
  const description = engines.describe(entry);
  if (description === undefined) return {};
  const { contextTokens, modelName, hasEffortLevels } = description;
  return {
    modelName,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(contextTokens === undefined || entry.kind === 'embeddings' ? {} : { maxOutputTokens: contextTokens }),
    ...(hasEffortLevels && { effort: { supported_levels: [...EFFORT_LEVELS], default_level: DEFAULT_EFFORT } }),
  };
}

function createOperatorAuthenticator(access: Access, callers: Authenticator, log: Log): OperatorAuthenticator {
  const { hasher, clock } = access;
  const { adminKeys } = access.administration;
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of an admin key could not be written');
  return new OperatorAuthenticator({ adminKeys, hasher, clock, callers, onError });
}
