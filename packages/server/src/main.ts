/** Builds the platform from a configuration and starts it; the only file that imports everything. */
import { Authenticator } from './accounts/authenticate.js';
import { OperatorAuthenticator } from './accounts/authenticate-operator.js';
import { ensureFirstKey } from './accounts/bootstrap.js';
import { createAdministration } from './admin/create-administration.js';
import { isAdminEnabled } from './admin/enabled.js';
import { Catalog, describeModel, type ModelEntry, type ModelFacts } from './catalog/catalog.js';
import type { Config } from './config/settings.js';
import { EmbeddedEngine } from './engines/embedded/embedded-engine.js';
import { RestartBackoff } from './engines/embedded/restart-backoff.js';
import type { Engine, EngineDescription } from './engines/engine.js';
import { Engines } from './engines/engines.js';
import { type Listener, listen } from './http/listen.js';
import { KeepAlives } from './inference/keep-alive.js';
import { type Clock, systemClock } from './observe/clock.js';
import { createLog, type Log } from './observe/log.js';
import type { Platform } from './platform.js';
import { type Access, openAccess } from './store/open-access.js';

/** The name of the engine that the catalogue means by `embedded`. */
const EMBEDDED = 'embedded';

export interface StartOptions {
  readonly config: Config;
  /** What generates: the embedded engine on a GGUF by its absolute path, or any other engine. */
  readonly model: { readonly path: string } | { readonly engine: Engine };
  readonly clock?: Clock;
  readonly log?: Log;
}

/** A server that listens. */
export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** The key that this start minted, when it was the first one of its data folder. */
  readonly firstKey: string | undefined;
  readonly platform: Platform;
  readonly engine: Engine;
  /** Resolves once requests can be answered; rejects when the model cannot be loaded. */
  ready(): Promise<EngineDescription>;
  /** Lets requests under way finish for at most `timeoutMs`, then stops; returns how many connections were cut. */
  stop(timeoutMs?: number): Promise<number>;
}

/** Starts a server. Rejects with a sentence when the data folder or the address cannot be used. */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { config } = options;
  const clock = options.clock ?? systemClock;
  const log = options.log ?? createLog(config.log.level);
  const { model } = options;
  const engine = 'engine' in model ? model.engine : startEngine(config, model.path, clock, log);
  try {
    const access = await openAccounts(config, clock);
    const firstKey = await ensureFirstKey(access);
    const onError = (error: unknown) => log.warn({ err: error }, 'the last use of a key could not be written');
    const authenticator = new Authenticator({ ...access, onError });
    const platform = buildPlatform({ config, clock, log, engine, authenticator, access });
    const listener = await listen(platform);
    const stop = (timeoutMs = config.http.drain_timeout_s * 1000) =>
      stopServer({ platform, listener, access, timeoutMs });
    return { url: listener.url, firstKey: firstKey?.key, platform, engine, ready: () => engine.ready(), stop };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Rejects with a StoreError, also when the ledger is in another currency than the configuration. */
async function openAccounts(config: Config, clock: Clock): Promise<Access> {
  const access = await openAccess({ dataDir: config.data_dir, clock });
  try {
    await access.administration.funds.useCurrency(config.billing.currency);
    return access;
  } catch (error) {
    await access.close();
    throw error;
  }
}

function startEngine(config: Config, modelPath: string, clock: Clock, log: Log): EmbeddedEngine {
  const { context_tokens, sequences, threads, prefill_tokens, thinking_tokens, gpu_layers } = config.engine;
  return new EmbeddedEngine({
    load: {
      modelPath,
      contextTokens: context_tokens,
      sequences,
      threads,
      prefillTokens: prefill_tokens,
      thinkingTokens: thinking_tokens,
      gpuLayers: gpu_layers,
    },
    log,
    backoff: new RestartBackoff(clock),
  });
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine;
  readonly authenticator: Authenticator;
  readonly access: Access;
}

function buildPlatform({ config, clock, log, engine, authenticator, access }: Parts): Platform {
  const { keep_alive_interval_s, start_timeout_s } = config.http;
  const catalog = new Catalog(config.models, { strict: config.strict_models });
  const engines = new Engines(new Map([[EMBEDDED, engine]]));
  const facts = (entry: ModelEntry): ModelFacts => {
    const description = engines.describe(entry);
    if (description === undefined) return {};
    return {
      contextTokens: description.contextTokens,
      maxOutputTokens: description.contextTokens,
      modelName: description.modelName,
    };
  };
  return {
    config,
    clock,
    log,
    catalog,
    authenticator,
    balances: access.balances,
    adminEnabled: isAdminEnabled(config),
    operators: createOperatorAuthenticator({ authenticator, access, log }),
    administration: createAdministration(config, access),
    engines,
    keepAlives: new KeepAlives(clock, {
      intervalMs: keep_alive_interval_s * 1000,
      startTimeoutMs: start_timeout_s * 1000,
    }),
    draining: false,
    modelList: () => catalog.list(facts),
    describeModel: (entry) => describeModel(entry, facts(entry)),
  };
}

function createOperatorAuthenticator({ authenticator, access, log }: Pick<Parts, 'authenticator' | 'access' | 'log'>) {
  const { hasher, clock } = access;
  const { adminKeys } = access.administration;
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of an admin key could not be written');
  return new OperatorAuthenticator({ adminKeys, hasher, clock, callers: authenticator, onError });
}

interface Stopping {
  readonly platform: Platform;
  readonly listener: Listener;
  readonly access: Access;
  readonly timeoutMs: number;
}

async function stopServer({ platform, listener, access, timeoutMs }: Stopping): Promise<number> {
  platform.draining = true;
  const cut = await listener.drain(timeoutMs);
  await platform.engines.close();
  await platform.authenticator.flush();
  await platform.operators.flush();
  await access.close();
  platform.log.flush();
  return cut;
}
