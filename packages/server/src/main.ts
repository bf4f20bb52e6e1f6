/** Builds the platform from a configuration and starts it; the only file that imports everything. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Authenticator } from './accounts/authenticate.js';
import { ensureFirstKey } from './accounts/bootstrap.js';
import { Tiers } from './accounts/tier.js';
import { Catalog, describeModel, type ModelEntry, type ModelFacts } from './catalog/catalog.js';
import type { Config } from './config/settings.js';
import { EmbeddedEngine } from './engines/embedded/embedded-engine.js';
import { RestartBackoff } from './engines/embedded/restart-backoff.js';
import type { Engine, EngineDescription } from './engines/engine.js';
import { Engines } from './engines/engines.js';
import { type Listener, listen } from './http/listen.js';
import { KeepAlives } from './inference/keep-alive.js';
import { Ledger } from './ledger/ledger.js';
import type { ServerIdentity } from './ledger/ledger-store.js';
import { PriceList } from './ledger/price-list.js';
import { ServerLease } from './ledger/server-lease.js';
import { AnswerLengths, type Limiter, MemoryLimiter, systemTimers, WaitingRoom } from './limits/index.js';
import { type Clock, systemClock } from './observe/clock.js';
import { createLog, type Log } from './observe/log.js';
import { createMetrics } from './observe/metrics.js';
import type { Platform } from './platform.js';
import { type Access, openAccess } from './store/open-access.js';
import { StoreError } from './store/store-error.js';

/** The name of the engine that the catalogue means by `embedded`. */
const EMBEDDED = 'embedded';

/** How long a stopping server tries to write what is not durable yet, in ms. */
const LEDGER_CLOSE_TIMEOUT_MS = 5000;

export interface StartOptions {
  readonly config: Config;
  /** What generates: the embedded engine on a GGUF by its absolute path, or any other engine. */
  readonly model: { readonly path: string } | { readonly engine: Engine };
  /** The secret of the keys in 64 hex digits, instead of the file in the data folder. */
  readonly secret?: string | undefined;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Stands between the server and its store, so that tests can let it fail. */
  readonly wrapAccess?: (access: Access) => Access;
  /** Stands between the server and its limiter. */
  readonly wrapLimiter?: (limiter: Limiter) => Limiter;
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
    const { data_dir: dataDir, database } = config;
    const onLost = (error: Error) => log.warn({ err: error }, 'keys are looked up for every request until it is back');
    const opened = await openAccess({ dataDir, clock, database, secret: options.secret, onLost });
    const access = options.wrapAccess?.(opened) ?? opened;
    const firstKey = await ensureFirstKey(access);
    const server = { id: randomUUID(), host: hostname(), processId: process.pid };
    const lease = beginLease(access, server, clock, log);
    await lease.begin();
    const memory = new WaitingRoom({ limiter: new MemoryLimiter(clock), clock });
    const limiter = options.wrapLimiter?.(memory) ?? memory;
    const platform = buildPlatform({ config, clock, log, engine, access, server, limiter });
    const listener = await listen(platform);
    const stop = (timeoutMs = config.http.drain_timeout_s * 1000) =>
      stopServer({ platform, listener, access, lease, timeoutMs });
    return { url: listener.url, firstKey: firstKey?.key, platform, engine, ready: () => engine.ready(), stop };
  } catch (error) {
    await engine.close();
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

function beginLease({ ledger }: Access, server: ServerIdentity, clock: Clock, log: Log): ServerLease {
  return new ServerLease({
    store: ledger,
    server,
    clock,
    timers: systemTimers,
    isRunning,
    onReleased: (holds) => log.warn({ holds }, 'money that servers held which are gone was released'),
    onError: (error) => log.error({ err: error }, 'the lease of this server could not be renewed'),
  });
}

/** Signal 0 reaches every process that there is; EPERM says that it is another user's. */
function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly engine: Engine;
  readonly access: Access;
  readonly server: ServerIdentity;
  readonly limiter: Limiter;
}

function buildPlatform({ config, clock, log, engine, access, server, limiter }: Parts): Platform {
  const { keep_alive_interval_s, start_timeout_s } = config.http;
  const catalog = new Catalog(config.models, { strict: config.strict_models });
  const engines = new Engines(new Map([[EMBEDDED, engine]]));
  const facts = (entry: ModelEntry) => findFacts(engines, entry);
  const onError = (error: unknown) => log.warn({ err: error }, 'the last use of a key could not be written');
  return {
    config,
    clock,
    log,
    metrics: createMetrics({ models: config.models.map(({ id }) => id) }),
    catalog,
    authenticator: new Authenticator({ ...access, onError }),
    tiers: new Tiers(config.tiers, config.default_tier),
    limiter,
    answerLengths: new AnswerLengths(),
    prices: new PriceList(config.models, config.billing.peak),
    ledger: openLedger(access, server, clock, log),
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

function findFacts(engines: Engines, entry: ModelEntry): ModelFacts {
  const description = engines.describe(entry);
  if (description === undefined) return {};
  const { contextTokens, modelName } = description;
  return { contextTokens, maxOutputTokens: contextTokens, modelName };
}

function openLedger({ ledger }: Access, server: ServerIdentity, clock: Clock, log: Log): Ledger {
  return new Ledger({
    store: ledger,
    serverId: server.id,
    clock,
    isStoreFailure: (error) => error instanceof StoreError,
    onFailure: (error, waiting) => log.error({ err: error, waiting }, 'the ledger could not be written'),
    onGivenUp: ({ kind, requestId, accountId }, error) =>
      log.error({ err: error, kind, requestId, accountId }, 'the ledger does not take this: it is lost'),
  });
}

interface Stopping {
  readonly platform: Platform;
  readonly listener: Listener;
  readonly access: Access;
  readonly lease: ServerLease;
  readonly timeoutMs: number;
}

async function stopServer({ platform, listener, access, lease, timeoutMs }: Stopping): Promise<number> {
  const { log } = platform;
  platform.draining = true;
  const cut = await listener.drain(timeoutMs);
  await platform.engines.close();
  await listener.settled();
  await platform.authenticator.flush();
  const lost = await platform.ledger.close(LEDGER_CLOSE_TIMEOUT_MS);
  if (lost > 0) log.error({ operations: lost }, 'the ledger could not be written before the end');
  await lease.end();
  await access.close();
  log.flush();
  return cut;
}
